import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type CredentialKey, issueCredential } from '@rivergate/caller';
import { type Failure, hasBody, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Dispatcher } from 'undici';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import type { Exchange } from '../exchange.ts';
import { ClientLeft } from '../forwarding/client-left.ts';
import type { OpenConnections } from '../forwarding/open-connections.ts';
import { type Attempt, relay } from '../forwarding/relay.ts';
import { type RequestBodies, type RequestBody, refuseDeclaredLength } from '../forwarding/request-body.ts';
import { requestHeaders } from '../forwarding/request-headers.ts';
import type { Destination } from '../forwarding/upstream.ts';
import { isConnectionFailure, isServiceFailure, upstreamFailure } from '../forwarding/upstream-failure.ts';
import type { Step } from './step.ts';

/** Milliseconds before each further try of an idempotent request. */
const RETRY_PAUSES = [25, 150];
/** Bytes. A body that may be larger is passed on as it comes, instead of being read before a connection is taken. */
const KEPT_AT_MOST = 2 * 1024 * 1024;

const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

type Answerable = Exchange & { response: ServerResponse };

export type ForwardParts = {
  destinations: ReadonlyMap<string, Destination>;
  /** What the service knows the caller by; null for none. */
  credential: (exchange: Exchange) => string | null;
  bodies: RequestBodies;
  /** Milliseconds within which a client has to take what there is of its answer. */
  answerPatience: number;
  answerHeaders: AnswerHeaders;
  connections: Pick<OpenConnections, 'add'>;
  decideAgain: Step;
};

/** Step: hands the request to its service, signed, and the answer back. */
export function forward(parts: ForwardParts): Step {
  return async exchange => {
    const { request, response, route } = exchange as Answerable;
    const destination = parts.destinations.get(route!.service)!;
    refuseWhileOpen(destination);
    try {
      if (!hasBody(request)) return await send(parts, destination, exchange as Answerable, null);
      const { bodyLimit } = route!;
      refuseDeclaredLength(request, bodyLimit);
      if (request.headers.expect !== undefined) response.writeContinue();
      if (bodyLimit > KEPT_AT_MOST) return await upload(parts, destination, exchange as Answerable);
      const body = await parts.bodies.kept(request, bodyLimit);
      await send(parts, destination, exchange as Answerable, body).finally(body.release);
    } catch (cause) {
      if (!(cause instanceof ClientLeft)) throw cause;
    }
  };
}

/** Signs for the request and the decision about it as they are now. Good for one use: every try needs its own. */
export function credentialFor(
  { request, route, path, principal, decidedAt }: Exchange,
  key: CredentialKey,
): string {
  return issueCredential(key, {
    audience: route!.service,
    method: request.method ?? 'GET',
    path,
    principal: principal!,
    age: performance.now() - decidedAt,
  });
}

/** A client that is still sending holds a connection, and no more than a part of them all is for such. */
async function upload(parts: ForwardParts, destination: Destination, exchange: Answerable): Promise<void> {
  const { take, release } = destination.uploads;
  await take();
  if (exchange.over) {
    release();
    throw new ClientLeft();
  }
  exchange.response.once('close', release);
  const body = parts.bodies.streamed(exchange.request, exchange.route!.bodyLimit);
  await send(parts, destination, exchange, body);
}

async function send(
  parts: ForwardParts,
  destination: Destination,
  exchange: Answerable,
  body: RequestBody | null,
): Promise<void> {
  const { request, response } = exchange;
  for (let tries = 0; ; tries++) {
    const waiting = destination.connections.take();
    if (waiting) await waiting;
    const attempt = await attemptOnce(parts, destination, exchange, body);
    if (attempt.answered) return destination.breaker.succeeded();
    // What went wrong with the body counts for more than what that did to the connection.
    const cause = body?.failure() ?? attempt.cause;
    if (cause instanceof ClientLeft || response.destroyed) return;
    if (isServiceFailure(cause)) destination.breaker.failed();
    const wait = RETRY_PAUSES[tries];
    const repeatable = idempotent.has(request.method ?? '') && (body === null || body.repeatable());
    if (wait === undefined || !repeatable || !isConnectionFailure(cause)) throw upstreamFailure(cause);
    await pause(wait);
    refuseWhileOpen(destination);
  }
}

/** Gives the connection back when the service's answer has ended, which may be long after the attempt has settled. */
async function attemptOnce(
  { credential, answerHeaders, answerPatience, connections, decideAgain }: ForwardParts,
  destination: Destination,
  exchange: Answerable,
  body: RequestBody | null,
): Promise<Attempt> {
  let { release } = destination.connections;
  try {
    const deciding = decideAgain(exchange);
    if (deciding) await deciding;
    if (exchange.over) throw new ClientLeft();
  } catch (cause) {
    release();
    throw cause;
  }
  const { request, response, route, path, query } = exchange;
  return new Promise(settle => {
    destination.pool.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: path + query,
        headers: requestHeaders(exchange, credential(exchange)),
        body: body?.content ?? null,
        headersTimeout: route!.timeout,
      },
      relay(exchange, {
        answerHeaders,
        settle,
        ended: () => release(),
        stays() {
          if (!destination.streams.takeIfFree()) return false;
          release();
          release = destination.streams.release;
          return true;
        },
        opened: open => connections.add(open, response),
        patience: answerPatience,
      }),
    );
  });
}

function refuseWhileOpen({ breaker, name }: Destination): void {
  if (breaker.open) throw unavailable(name);
}

function unavailable(service: string): Failure {
  return UpstreamUnavailable(`The ${service} service does not answer; try again shortly`, [], {
    'Retry-After': '1',
  });
}
