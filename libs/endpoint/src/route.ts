import { channel } from 'node:diagnostics_channel';
import { propagation, SpanKind, SpanStatusCode, trace, context as traceContext } from '@opentelemetry/api';
import {
  CREDENTIAL_HEADER,
  identityHeadersAgree,
  type Principal,
  rateLimitHeaders,
  verifyCredential,
} from '@rivergate/caller';
import express, { type Request, type RequestHandler, Router } from 'express';
import { type Answer, write } from './answer.ts';
import { ANSWERED, type Answered } from './answered.ts';
import { requireKind, requireRights } from './authorize.ts';
import { tagged } from './conditional-read.ts';
import { requireDeclared } from './declared-answer.ts';
import type { Context, Endpoint, RequestFacts } from './endpoint.ts';
import { type Execution, execute } from './execute.ts';
import { Failure, RateLimited, Unauthorized } from './failure.ts';
import { type IdempotentRequest, idempotencyKey } from './idempotency.ts';
import { inputReader, type Parts } from './input.ts';
import { byPrecedence, publicPath } from './path.ts';
import { type PreconditionOf, preconditions } from './precondition.ts';
import { failed } from './refusal.ts';
import type { Runtime } from './runtime.ts';
import { DEFAULT_BODY_LIMIT, type EndpointSpec } from './spec.ts';

const DAY = 86_400;

const answered = channel(ANSWERED);

/** The routes of all endpoints, static paths first. */
export function endpointRouter(endpoints: readonly Endpoint[], runtime: Runtime): Router {
  const router = Router({ caseSensitive: true });
  const preconditionOf = preconditions(endpoints);
  const ordered = [...endpoints].sort((a, b) => byPrecedence(publicPath(a.spec), publicPath(b.spec)));
  for (const endpoint of ordered) {
    const { spec } = endpoint;
    const body = express.raw({
      type: () => true,
      limit: spec.bodyLimit ?? DEFAULT_BODY_LIMIT,
      inflate: false,
    });
    router[spec.method](publicPath(spec), body, handlerOf(endpoint, runtime, preconditionOf));
  }
  return router;
}

function handlerOf(endpoint: Endpoint, runtime: Runtime, preconditionOf: PreconditionOf): RequestHandler {
  const { spec } = endpoint;
  const reader = inputReader(spec);
  const tracer = trace.getTracer('rivergate');
  const name = `${spec.method.toUpperCase()} ${publicPath(spec)}`;

  return async (request, response) => {
    const parent = propagation.extract(traceContext.active(), request.headers);
    const began = performance.now();
    await tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, parent, async span => {
      let answer: Answer;
      let cause: unknown;
      try {
        const caller = identify(runtime, request);
        requireKind(spec.caller, caller);
        const params = reader.params(request);
        requireRights(spec, caller, params);
        const parts = { params, ...reader.rest(request) };
        const execution = {
          ...executionOf(spec, runtime, request, caller, parts),
          precondition: preconditionOf(endpoint, request, caller, params),
        };
        answer = await execute(endpoint, runtime, execution).catch(failure => {
          if (failure instanceof Failure) requireDeclared(spec, failure, runtime.strictness, runtime.log);
          throw failure;
        });
        if (spec.method === 'get') answer = tagged(answer, request.get('if-none-match'));
      } catch (failure) {
        cause = failure;
        answer = failed(cause, runtime, request);
        if (answer.status >= 500) {
          span.recordException(cause as Error);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
      }
      span.setAttribute('http.response.status_code', answer.status).end();
      const seconds = (performance.now() - began) / 1_000;
      const { status } = answer;
      answered.publish({ service: runtime.service, spec, status, seconds, cause } satisfies Answered);
      await write(request, response, answer);
    });
  };
}

/** Trusts the credential and nothing else: the context headers only repeat what it says, or the request is refused. */
function identify(runtime: Runtime, request: Request): Principal {
  const token = request.get(CREDENTIAL_HEADER);
  if (!token) throw Unauthorized('This service answers the gateway and the services of the fleet only');
  let issuer: string;
  let principal: Principal;
  try {
    ({ issuer, principal } = verifyCredential(token, {
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
  return principal;
}

function executionOf(
  spec: EndpointSpec,
  runtime: Runtime,
  request: Request,
  caller: Principal,
  parts: Parts,
): Omit<Execution, 'precondition'> {
  const facts = factsOf(request, caller);
  const context: Context = {
    request: facts,
    log: runtime.log,
    call: runtime.call,
    async limit(limitClass, key) {
      const verdict = await runtime.limiter.consume(limitClass, key);
      if (verdict && !verdict.allowed) throw RateLimited(undefined, undefined, rateLimitHeaders(verdict));
    },
    clearLimit: (limitClass, key) => runtime.limiter.clear(limitClass, key),
  };
  return { parts, caller, request: facts, context, idempotent: idempotentOf(spec, request, caller, parts) };
}

function factsOf(request: Request, caller: Principal): RequestFacts {
  return {
    id: request.get('x-request-id') ?? 'none',
    ip: caller.ip,
    userAgent: request.get('user-agent')?.slice(0, 512) ?? null,
    traceparent: request.get('traceparent') ?? null,
  };
}

function idempotentOf(
  spec: EndpointSpec,
  request: Request,
  caller: Principal,
  parts: Parts,
): IdempotentRequest | undefined {
  if (spec.method === 'get' || spec.idempotency === false) return undefined;
  const key = idempotencyKey(request.get('idempotency-key'), parts.body.idempotency_key);
  if (key === undefined) return undefined;
  return {
    key,
    scope: caller.userId === null ? caller.kind : `user ${caller.userId}`,
    endpoint: `${spec.method} ${spec.path}`,
    request: { params: parts.params, query: parts.query, body: parts.body },
    seconds: spec.idempotency ? spec.idempotency.seconds : DAY,
  };
}
