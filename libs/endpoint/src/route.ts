import { channel } from 'node:diagnostics_channel';
import { CREDENTIAL_HEADER, identityHeadersAgree, type Principal, verifyCredential } from '@rivergate/caller';
import { type Request, type RequestHandler, Router } from 'express';
import { enterOrganization, requireRightsSoFar } from './acting-organization.ts';
import { type Answer, write } from './answer.ts';
import { ANSWERED, type Answered } from './answered.ts';
import { requireKind } from './authorize.ts';
import { type BodyReader, bodyReader } from './body/read-body.ts';
import { receiving } from './body/receiving.ts';
import type { Upload } from './body/upload.ts';
import { callerStanding } from './caller-standing.ts';
import { conditional } from './conditional-read.ts';
import { readCookies } from './cookies.ts';
import { heldToDeclaration } from './declared-failures.ts';
import { deprecationHeaders } from './deprecation.ts';
import type { Context, Endpoint, RequestFacts } from './endpoint.ts';
import { type Execution, execute } from './execute.ts';
import { Unauthorized } from './failure.ts';
import { requireFreshAuthentication } from './fresh-authentication.ts';
import { idempotentRequest } from './idempotent-request.ts';
import { inputReader, type Parts } from './input.ts';
import { requireOwnSite } from './own-site.ts';
import { byPrecedence, publicPath } from './path.ts';
import { type PreconditionOf, preconditions } from './precondition.ts';
import { count } from './rate-limit.ts';
import { brokenOff, failed } from './refusal.ts';
import { requestSpan, withoutSpan } from './request-span.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointSpec } from './spec.ts';
import { begin } from './streaming/begin.ts';

const answered = channel(ANSWERED);

/** The routes of all endpoints, static paths first. */
export function endpointRouter(endpoints: readonly Endpoint[], runtime: Runtime): Router {
  const router = Router({ caseSensitive: true });
  const preconditionOf = preconditions(endpoints, runtime);
  const held = endpoints.map(endpoint => heldToDeclaration(receiving(endpoint, runtime.log), runtime));
  const ordered = held.sort((a, b) => byPrecedence(publicPath(a.spec), publicPath(b.spec)));
  for (const endpoint of ordered) {
    const { spec } = endpoint;
    router[spec.method](publicPath(spec), handlerOf(endpoint, runtime, bodyReader(spec), preconditionOf));
  }
  return router;
}

function handlerOf(
  endpoint: Endpoint,
  runtime: Runtime,
  readBody: BodyReader,
  preconditionOf: PreconditionOf,
): RequestHandler {
  const { spec } = endpoint;
  const reader = inputReader(spec);
  const announced = deprecationHeaders(spec.deprecated);
  const name = `${spec.method.toUpperCase()} ${publicPath(spec)}`;
  const withinSpan = runtime.traced ? requestSpan(name) : withoutSpan;

  return async (request, response) => {
    const began = performance.now();
    await withinSpan(request, async ended => {
      const headers = { ...announced };
      let answer: Answer;
      let cause: unknown;
      let upload: Upload | undefined;
      try {
        const { caller: identified, decidedAt } = identify(runtime, request, began);
        requireKind(spec, identified, runtime.log);
        requireOwnSite(spec, request.headers, runtime.publicUrl);
        const params = reader.params(request);
        const permitted = requireRightsSoFar(endpoint, identified, { params });
        requireFreshAuthentication(spec, permitted, runtime.freshSeconds);
        const body = await readBody(request, response);
        upload = body.upload;
        const read = { params, ...reader.rest(request, body) };
        const { caller, parts } = await enterOrganization(endpoint, runtime, permitted, read);
        const execution = {
          ...executionOf(spec, runtime, request, { caller, decidedAt }, parts),
          headers,
          precondition: preconditionOf(endpoint, request, caller, params),
        };
        answer = await execute(endpoint, runtime, execution);
        if (spec.method === 'get') answer = conditional(answer, request);
        answer = await begin(answer, spec, runtime, execution, request, response);
      } catch (failure) {
        cause = failure;
        answer = failed(cause, runtime, request, spec);
      } finally {
        upload?.abandon();
      }
      ended(answer.status, cause);
      const seconds = (performance.now() - began) / 1_000;
      const { status } = answer;
      answered.publish({ service: runtime.service, spec, status, seconds, cause } satisfies Answered);
      const whole = { ...answer, headers: { ...headers, ...answer.headers } };
      await write(request, response, whole, runtime.heartbeat).catch(failure =>
        brokenOff(failure, runtime, request),
      );
    });
  };
}

type Admitted = Pick<Execution, 'caller' | 'decidedAt'>;

/**
 * Trusts the credential and nothing else: the context headers only repeat what it says, or the request is refused.
 *
 * @param arrivedAt milliseconds, monotonic
 */
function identify(runtime: Runtime, request: Request, arrivedAt: number): Admitted {
  const token = request.get(CREDENTIAL_HEADER);
  if (!token) throw Unauthorized('This service answers the gateway and the services of the fleet only');
  let issuer: string;
  let principal: Principal;
  let age: number;
  try {
    ({ issuer, principal, age } = verifyCredential(token, {
      keys: runtime.keys,
      seen: runtime.seen,
      audience: runtime.service,
      method: request.method,
      path: request.path,
    }));
  } catch {
    throw Unauthorized('The internal credential is not valid for this request');
  }
  if (principal.kind === 'service' ? principal.service !== issuer : issuer !== 'gateway')
    throw Unauthorized();
  if (!identityHeadersAgree(request.headers, principal)) {
    throw Unauthorized('The context headers differ from the internal credential');
  }
  return { caller: principal, decidedAt: arrivedAt - age };
}

function executionOf(
  spec: EndpointSpec,
  runtime: Runtime,
  request: Request,
  { caller, decidedAt }: Admitted,
  parts: Parts,
): Omit<Execution, 'headers' | 'precondition'> {
  const facts = factsOf(request, caller);
  const standing = callerStanding(spec, runtime, { caller, decidedAt, parts });
  const context: Context = {
    request: facts,
    cookies: readCookies(spec, request.headers.cookie),
    log: runtime.log,
    call: runtime.call.within({ caller, decidedAt, request: facts }),
    briefly: standing.briefly,
    async limit(limitClass, key) {
      await count(runtime, limitClass, key);
    },
    clearLimit: (limitClass, key) => runtime.limiter.clear(limitClass, key),
  };
  const key = request.get('idempotency-key');
  const idempotent = idempotentRequest(spec, caller, parts, key, runtime.secretBox);
  return { parts, caller, decidedAt, request: facts, context, standing, idempotent };
}

function factsOf(request: Request, caller: Principal): RequestFacts {
  return {
    id: request.get('x-request-id') ?? 'none',
    ip: caller.ip,
    userAgent: request.get('user-agent')?.slice(0, 512) ?? null,
    traceparent: request.get('traceparent') ?? null,
  };
}
