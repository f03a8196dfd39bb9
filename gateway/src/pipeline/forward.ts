import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type CredentialKey, issueCredential } from '@rivergate/caller';
import { type Failure, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Dispatcher } from 'undici';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import type { Exchange } from '../exchange.ts';
import { type Attempt, ClientLeft, relay } from '../forwarding/relay.ts';
import { hasBody, type RequestBody, refuseDeclaredLength, requestBody } from '../forwarding/request-body.ts';
import { requestHeaders } from '../forwarding/request-headers.ts';
import type { Destination } from '../forwarding/upstream.ts';
import { isConnectionFailure, upstreamFailure } from '../forwarding/upstream-failure.ts';

/** Milliseconds before each further try of an idempotent request. */
const RETRY_PAUSES = [25, 150];

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

type Answerable = Exchange & { response: ServerResponse };

/** Step: hands the request to its service, signed, and the answer back. */
export function forward(
  destinations: ReadonlyMap<string, Destination>,
  key: CredentialKey,
  answerHeaders: AnswerHeaders,
) {
  return (exchange: Exchange): Promise<void> => {
    const route = exchange.route!;
    return forwardTo(destinations.get(route.service)!, exchange as Answerable, answerHeaders, {
      bodyLimit: route.bodyLimit,
      timeout: route.timeout,
      path: exchange.path,
      credential: () => credentialFor(exchange, key),
    });
  };
}

/** One use each: every try needs its own. */
export function credentialFor({ request, route, path, principal }: Exchange, key: CredentialKey): string {
  return issueCredential(key, {
    audience: route!.service,
    method: request.method ?? 'GET',
    path,
    principal: principal!,
  });
}

export type Forwarding = {
  /** Bytes */
  bodyLimit: number;
  /** Milliseconds until the answer must begin. */
  timeout: number;
  path: string;
  credential: () => string | null;
};

export async function forwardTo(
  destination: Destination,
  exchange: Answerable,
  answerHeaders: AnswerHeaders,
  forwarding: Forwarding,
): Promise<void> {
  const { request, response } = exchange;
  refuseDeclaredLength(request, forwarding.bodyLimit);
  if (request.headers.expect !== undefined) response.writeContinue();
  for (let tries = 0; ; tries++) {
    if (!destination.breaker.admits()) throw unavailable(destination.name);
    const body = hasBody(request) ? requestBody(request, forwarding.bodyLimit) : null;
    const attempt = await attemptOnce(destination, exchange, answerHeaders, forwarding, body);
    if (attempt.answered) return destination.breaker.succeeded();
    const { cause } = attempt;
    const lostConnection = isConnectionFailure(cause);
    if (lostConnection) destination.breaker.failed();
    else destination.breaker.succeeded();
    if (cause instanceof ClientLeft || response.destroyed) return;
    const wait = RETRY_PAUSES[tries];
    const repeatable = lostConnection && idempotent.has(request.method ?? '') && !body?.begun();
    if (wait === undefined || !repeatable) throw failureOf(cause, body);
    await pause(wait);
  }
}

function attemptOnce(
  destination: Destination,
  exchange: Answerable,
  answerHeaders: AnswerHeaders,
  forwarding: Forwarding,
  body: RequestBody | null,
): Promise<Attempt> {
  return new Promise(settle => {
    const handler = relay(exchange, answerHeaders, settle);
    destination.pool.dispatch(
      {
        method: exchange.request.method as Dispatcher.HttpMethod,
        path: forwarding.path + exchange.query,
        headers: requestHeaders(exchange, forwarding.credential()),
        body: body?.stream ?? null,
        headersTimeout: forwarding.timeout,
      },
      handler,
    );
  });
}

/** An error of the body itself (too large) counts for more than what it did to the connection. */
function failureOf(cause: Error, body: RequestBody | null): Failure {
  return upstreamFailure(body?.stream.errored ?? cause);
}

function unavailable(service: string): Failure {
  return UpstreamUnavailable(`The ${service} service does not answer; try again shortly`, [], {
    'Retry-After': '1',
  });
}
