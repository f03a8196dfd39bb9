import { randomUUID } from 'node:crypto';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { CREDENTIAL_HEADER, type CredentialKey, issueCredential, servicePrincipal } from '@rivergate/caller';
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleType,
  type IPolicy,
  retry,
  wrap,
} from 'cockatiel';
import { Agent, type Dispatcher, request } from 'undici';
import type { SentFile } from './body/sent-file.ts';
import { writeBody } from './body/write-body.ts';
import { Failure, UpstreamUnavailable } from './failure.ts';
import { requestTarget } from './path.ts';
import { isSafe } from './required-scope.ts';
import type { CallAnswer, CallInput, EndpointSpec } from './spec.ts';
import { isStreamed, received } from './streaming/receive.ts';

/** On whose behalf a service asks; both null when it acts for nobody. */
export interface OnBehalf {
  organizationId?: number | null;
  userId?: number | null;
  requestId?: string;
  /** Where the request came from on whose behalf this one is made: kept in the audit log of the other service. */
  ip?: string | null;
  userAgent?: string | null;
  /** Milliseconds for the whole call with its retries, or until a stream begins; default 2000. */
  deadline?: number;
}

/**
 * Asks another service. A failure that the declaration names comes back as that failure; anything else as
 * UpstreamUnavailable (503). What is streamed has to be iterated: leaving the iteration lets go of the connection, and it
 * fails with UpstreamUnavailable where the stream breaks off.
 */
export type Call = <Spec extends EndpointSpec & { owner: string }>(
  spec: Spec,
  input: CallInput<Spec>,
  onBehalf?: OnBehalf,
) => Promise<CallAnswer<Spec>>;

/** The other side did not answer, or not sensibly: worth a retry, and counted by the breaker. */
class NoAnswer extends Error {}

const DEADLINE = 2_000;

/**
 * The typed client between services: signed as this service, with a deadline, two retries of idempotent calls, and a
 * circuit breaker for each service called.
 */
export function serviceClient(own: { key: CredentialKey; urlOf: (service: string) => string }): Call & {
  close(): Promise<void>;
} {
  const agent = new Agent({ connections: 32, keepAliveTimeout: 30_000, connect: { timeout: 1_000 } });
  const policies = new Map<string, { once: IPolicy; repeated: IPolicy }>();
  const policiesOf = (service: string) => {
    let known = policies.get(service);
    if (!known) {
      const failures = handleType(NoAnswer);
      const breaker = circuitBreaker(failures, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(8) });
      const backoff = new ExponentialBackoff({ initialDelay: 30, maxDelay: 300 });
      known = { once: breaker, repeated: wrap(retry(failures, { maxAttempts: 2, backoff }), breaker) };
      policies.set(service, known);
    }
    return known;
  };

  const call = async (
    spec: EndpointSpec & { owner: string },
    input: Record<string, unknown>,
    onBehalf: OnBehalf = {},
  ) => {
    const { once, repeated } = policiesOf(spec.owner);
    const late = new AbortController();
    const { signal } = late;
    const deadline = setTimeout(() => late.abort(), onBehalf.deadline ?? DEADLINE);
    const span = trace
      .getTracer('rivergate')
      .startSpan(`${spec.owner} ${spec.method} ${spec.path}`, { kind: SpanKind.CLIENT });
    try {
      return await context.with(trace.setSpan(context.active(), span), () =>
        (mayBeRepeated(spec, input) ? repeated : once).execute(
          () => ask(agent, own, spec, input, onBehalf, signal),
          signal,
        ),
      );
    } catch (cause) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (cause instanceof Failure) throw cause;
      if (cause instanceof NoAnswer || cause instanceof BrokenCircuitError || signal.aborted) {
        throw UpstreamUnavailable(`The ${spec.owner} service does not answer; try again shortly`);
      }
      throw cause;
    } finally {
      clearTimeout(deadline);
      span.end();
    }
  };
  return Object.assign(call as Call, { close: () => agent.close() });
}

/** Whether asking twice does no more than asking once (RFC 9110, section 9.2.2). A file has passed when it was sent. */
function mayBeRepeated(spec: EndpointSpec, { files }: Record<string, unknown>): boolean {
  return files === undefined && (isSafe(spec) || spec.method === 'put' || spec.method === 'delete');
}

async function ask(
  agent: Agent,
  own: { key: CredentialKey; urlOf: (service: string) => string },
  spec: EndpointSpec & { owner: string },
  input: Record<string, unknown>,
  onBehalf: OnBehalf,
  signal: AbortSignal,
): Promise<unknown> {
  const { path, query } = requestTarget(spec, input);
  const method = spec.method.toUpperCase() as Dispatcher.HttpMethod;
  const organizationId = onBehalf.organizationId ?? null;
  const userId = onBehalf.userId ?? null;
  const body = writeBody(spec, input as { body?: unknown; files?: readonly SentFile[] });
  const headers: Record<string, string> = {
    'x-request-id': onBehalf.requestId ?? randomUUID(),
    [CREDENTIAL_HEADER]: issueCredential(own.key, {
      audience: spec.owner,
      method,
      path,
      principal: { ...servicePrincipal(own.key.name), organizationId, userId, ip: onBehalf.ip ?? null },
    }),
    ...(organizationId === null ? {} : { 'x-org-id': String(organizationId) }),
    ...(userId === null ? {} : { 'x-user-id': String(userId) }),
    ...(onBehalf.userAgent ? { 'user-agent': onBehalf.userAgent } : {}),
    ...(body ? { 'content-type': body.type } : {}),
  };
  propagation.inject(context.active(), headers);
  let status: number;
  let answer: { data?: unknown; error?: { code: string; message: string } } | undefined;
  try {
    const response = await request(`${own.urlOf(spec.owner)}${path}${query}`, {
      dispatcher: agent,
      method,
      headers,
      body: body?.content ?? null,
      signal,
    });
    status = response.statusCode;
    if (status < 300 && isStreamed(spec))
      return received(spec, response.headers['content-type'], response.body);
    const text = await response.body.text();
    answer = text === '' ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new NoAnswer(`${spec.owner} did not answer`, { cause });
  }
  if (status < 300) return spec.bare ? answer : answer?.data;
  const declared = spec.errors?.find(({ code }) => code === answer?.error?.code);
  if (declared) throw declared(answer?.error?.message);
  if (status >= 500) throw new NoAnswer(`${spec.owner} answered ${status}`);
  throw new Error(
    `${spec.owner} answered ${status} ${answer?.error?.code} to ${method} ${spec.path}, which does not declare it`,
  );
}
