import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Failure, InternalError, rateLimited, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Logger } from 'pino';
import type { AnswerHeaders } from './answer/answer-headers.ts';
import { breakOff } from './answer/break-off.ts';
import type { Challenge } from './answer/challenge.ts';
import type { CrossOriginPolicy } from './answer/cross-origin.ts';
import type { Writer } from './answer/write.ts';
import { type Exchange, openExchange, type Upgrade } from './exchange.ts';
import { forwardUpgrade } from './forwarding/upgrade.ts';
import type { Observer } from './observe.ts';
import type { Mailbox } from './own/mailbox.ts';
import { type OwnEndpoints, ownEndpoint } from './own/own-endpoints.ts';
import { credentialFor } from './pipeline/forward.ts';
import { arrival, departure, type PipelineParts, passage, run } from './pipeline/pipeline.ts';
import { addressKey } from './pipeline/rate-limit.ts';
import type { Guesses } from './tokens/guesses.ts';

export type FrontDoor = {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

export type FrontDoorParts = PipelineParts & {
  write: Writer;
  answerHeaders: AnswerHeaders;
  crossOrigin: CrossOriginPolicy;
  challenge: Challenge;
  own: OwnEndpoints;
  mailbox: Mailbox | null;
  observer: Observer;
  guesses: Guesses;
  log: Logger;
  /** Whether the process is about to stop. */
  leaving: () => boolean;
};

/** Takes every request through the pipeline, and writes down how it ended. */
export function frontDoor(parts: FrontDoorParts): FrontDoor {
  const arriving = arrival(parts);
  const passing = passage(parts);
  const depart = departure(parts);

  const serve = async (exchange: Exchange): Promise<void> => {
    const arrived = run(arriving, exchange);
    if (arrived) await arrived;
    if (exchange.request.headers.origin !== undefined) {
      const shared = await parts.crossOrigin(exchange.request);
      exchange.crossOrigin = shared.headers;
      if (shared.preflight) return parts.write.text(exchange, 204, '', {});
    }
    const own = ownEndpoint(parts.own, exchange);
    if (own) return own(exchange);
    if (parts.mailbox?.takes(exchange)) return parts.mailbox.forward(exchange);
    const passed = run(passing, exchange);
    if (passed) await passed;
    await depart(exchange);
  };

  const serveUpgrade = async (exchange: Exchange & { upgrade: Upgrade }): Promise<void> => {
    await run(arriving, exchange);
    await run(passing, exchange);
    if (exchange.over) return;
    const destination = parts.destinations.get(exchange.route!.service)!;
    if (destination.breaker.open) throw UpstreamUnavailable(undefined, [], { 'Retry-After': '1' });
    forwardUpgrade(destination, exchange, parts.answerHeaders, credentialFor(exchange, parts.key), {
      opened: open => parts.connections.add(open, exchange.upgrade.socket),
      refused: failure => parts.write.refuse(exchange, failure),
    });
  };

  const ended = (exchange: Exchange): void => {
    exchange.over = true;
    parts.open.ended(exchange);
    parts.observer.ended(exchange);
  };

  const refuse = async (exchange: Exchange, cause: unknown): Promise<void> => {
    let failure = cause instanceof Failure ? cause : InternalError();
    if (!(cause instanceof Failure))
      parts.log.error({ err: cause, request_id: exchange.id }, 'A request failed');
    if (failure.status === 401)
      failure = (await guessesTooOften(parts, exchange)) ?? parts.challenge(failure, exchange);
    if (exchange.response?.headersSent) {
      breakOff(exchange.request, exchange.response);
      return;
    }
    parts.write.refuse(exchange, failure);
  };

  return {
    request(request, response) {
      const exchange = openExchange(request, response, null);
      response.once('close', () => ended(exchange));
      // A client that is told so opens its next connection elsewhere, instead of finding this one closed.
      if (parts.leaving()) response.shouldKeepAlive = false;
      serve(exchange).catch(cause => refuse(exchange, cause));
    },
    upgrade(request, socket, head) {
      const exchange = openExchange(request, null, { socket, head }) as Exchange & { upgrade: Upgrade };
      socket.on('error', () => {});
      socket.once('close', () => ended(exchange));
      serveUpgrade(exchange).catch(cause => refuse(exchange, cause));
    },
  };
}

/** Requests with bad tokens never reach the counter of a caller: they are counted against the address. */
async function guessesTooOften(
  { limiter, guesses }: FrontDoorParts,
  exchange: Exchange,
): Promise<Failure | undefined> {
  if (!exchange.route || exchange.general) return undefined;
  exchange.general = await limiter.consume('standard', addressKey(exchange));
  if (exchange.general?.allowed !== false) return undefined;
  guesses.exhausted(exchange, exchange.general);
  return rateLimited(exchange.general);
}
