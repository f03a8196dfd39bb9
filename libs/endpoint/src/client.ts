import { randomUUID } from 'node:crypto';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  CREDENTIAL_HEADER,
  type CredentialKey,
  issueCredential,
  type Principal,
  servicePrincipal,
} from '@rivergate/caller';
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
import { impliedErrors } from './authorize.ts';
import type { SentFile } from './body/sent-file.ts';
import { writeBody } from './body/write-body.ts';
import type { Call, CallForUser, CallOptions, Contract } from './call.ts';
import type { RequestFacts } from './endpoint.ts';
import { type ErrorDeclaration, Failure, UpstreamUnavailable } from './failure.ts';
import { requestTarget } from './path.ts';
import { isSafe } from './required-scope.ts';
import type { EndpointSpec } from './spec.ts';
import { isStreamed, received } from './streaming/receive.ts';

/**
 * The request in which a service asks another: who called, decided when (milliseconds, monotonic), and whence. The other
 * service learns all of it.
 */
export interface Origin {
  caller: Principal;
  decidedAt: number;
  request: RequestFacts;
}

/** By itself it asks for nobody. */
export type ServiceClient = Call & {
  /** Asks for whom the request is that is being answered. */
  within(origin: Origin): CallForUser;
  close(): Promise<void>;
};

/** The other side did not answer, or not sensibly: worth a retry, and counted by the breaker. */
class NoAnswer extends Error {}

const DEADLINE = 2_000;

/**
 * The typed client between services: signed as this service, with a deadline, two retries of idempotent calls, and a
 * circuit breaker for each service called.
 */
export function serviceClient(own: {
  key: CredentialKey;
  urlOf: (service: string) => string;
}): ServiceClient {
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
    origin: Origin | null,
    spec: Contract,
    input: Record<string, unknown>,
    { deadline = DEADLINE }: CallOptions = {},
  ) => {
    const { once, repeated } = policiesOf(spec.owner);
    const late = new AbortController();
    const { signal } = late;
    const timer = setTimeout(() => late.abort(), deadline);
    const span = trace
      .getTracer('rivergate')
      .startSpan(`${spec.owner} ${spec.method} ${spec.path}`, { kind: SpanKind.CLIENT });
    try {
      return await context.with(trace.setSpan(context.active(), span), () =>
        (mayBeRepeated(spec, input) ? repeated : once).execute(
          () => ask(agent, own, spec, input, origin, signal),
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
      clearTimeout(timer);
      span.end();
    }
  };
  const asking = (origin: Origin | null) =>
    ((spec, input, options) => call(origin, spec, input, options)) as CallForUser;
  return Object.assign(asking(null), { within: asking, close: () => agent.close() });
}

/** The service as who asks, with everything that is known of the user it asks for. Who is not signed in is nobody. */
function principalFor(service: string, origin: Origin | null): Principal {
  if (!origin) return servicePrincipal(service);
  const { caller } = origin;
  if (caller.userId === null) return { ...servicePrincipal(service), ip: caller.ip };
  return { ...caller, kind: 'service', service };
}

/** On behalf of a user, what the library refuses is an answer to that user. */
function refusalsOf(spec: Contract): readonly ErrorDeclaration[] {
  return [...(spec.errors ?? []), ...(spec.onBehalfOf ? impliedErrors(spec) : [])];
}

/** Whether asking twice does no more than asking once (RFC 9110, section 9.2.2). A file has passed when it was sent. */
function mayBeRepeated(spec: EndpointSpec, { files }: Record<string, unknown>): boolean {
  return files === undefined && (isSafe(spec) || spec.method === 'put' || spec.method === 'delete');
}

async function ask(
  agent: Agent,
  own: { key: CredentialKey; urlOf: (service: string) => string },
  spec: Contract,
  input: Record<string, unknown>,
  origin: Origin | null,
  signal: AbortSignal,
): Promise<unknown> {
  const principal = principalFor(own.key.name, origin);
  if (spec.onBehalfOf && principal.userId === null)
    throw new Error(`${spec.operation} is asked on behalf of a user, and here is none`);
  const { path, query } = requestTarget(spec, input);
  const method = spec.method.toUpperCase() as Dispatcher.HttpMethod;
  const { organizationId, userId } = principal;
  const body = writeBody(spec, input as { body?: unknown; files?: readonly SentFile[] });
  const headers: Record<string, string> = {
    'x-request-id': origin?.request.id ?? randomUUID(),
    [CREDENTIAL_HEADER]: issueCredential(own.key, {
      audience: spec.owner,
      method,
      path,
      principal,
      age: origin ? performance.now() - origin.decidedAt : 0,
    }),
    ...(organizationId === null ? {} : { 'x-org-id': String(organizationId) }),
    ...(userId === null ? {} : { 'x-user-id': String(userId) }),
    ...(origin?.request.userAgent ? { 'user-agent': origin.request.userAgent } : {}),
    ...(body ? { 'content-type': body.type } : {}),
  };
  propagation.inject(context.active(), headers);
  let status: number;
  let challenge: unknown;
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
    challenge = response.headers['www-authenticate'];
    if (status < 300 && isStreamed(spec))
      return received(spec, response.headers['content-type'], response.body);
    const text = await response.body.text();
    answer = text === '' ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new NoAnswer(`${spec.owner} did not answer`, { cause });
  }
  if (status < 300) return spec.bare ? answer : answer?.data;
  const declared = refusalsOf(spec).find(({ code }) => code === answer?.error?.code);
  if (declared)
    throw declared(
      answer?.error?.message,
      undefined,
      typeof challenge === 'string' ? { 'WWW-Authenticate': challenge } : undefined,
    );
  if (status >= 500) throw new NoAnswer(`${spec.owner} answered ${status}`);
  throw new Error(
    `${spec.owner} answered ${status} ${answer?.error?.code} to ${method} ${spec.path}, which does not declare it`,
  );
}
