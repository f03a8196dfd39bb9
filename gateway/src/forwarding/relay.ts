import type { IncomingMessage, ServerResponse } from 'node:http';
import { UpstreamUnavailable } from '@rivergate/endpoint';
import type { Dispatcher } from 'undici';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import { breakOff } from '../answer/break-off.ts';
import { endAnswer, holdOpen } from '../answer/linger.ts';
import type { Exchange } from '../exchange.ts';
import { ClientLeft } from './client-left.ts';
import type { OpenConnection } from './open-connections.ts';
import { responseHeaders } from './response-headers.ts';

/** How an attempt to forward ended: the service answered, or the error before the first byte of an answer. */
export type Attempt = { answered: true } | { answered: false; cause: Error };

export type Relaying = {
  answerHeaders: AnswerHeaders;
  /** Called once, when the answer begins or has failed. */
  settle(attempt: Attempt): void;
  /** Called once, when the service's connection is free again. */
  ended(): void;
  /** The answer will stay open. Whether there is room for one more of these. */
  stays(): boolean;
  opened(open: OpenConnection): void;
  /**
   * Milliseconds within which the client has to take what there is of the answer; one that does not would hold the
   * connection to the service.
   */
  patience: number;
};

/** Bytes. A longer answer takes as long as its client likes, as one does whose length is not known. */
const LONG = 1024 * 1024;

/**
 * Copies a service's answer to the client as it comes: status and headers at once, each chunk when it is there, and
 * no faster than the client takes it. What comes after the beginning happens by itself. A client that leaves cancels the
 * request to the service.
 */
export function relay(
  exchange: Exchange & { response: ServerResponse },
  { answerHeaders, settle, ended, stays, opened, patience }: Relaying,
): Dispatcher.DispatchHandler {
  const { request, response } = exchange;
  let controller: Dispatcher.DispatchController | null = null;
  let answering = false;
  /** Bytes that the service announced and that are still to come; NaN when it announced none. */
  let missing = Number.NaN;

  let finished = false;
  const finish = (last?: Buffer) => {
    if (finished) return;
    finished = true;
    endAnswer(request, response, last);
  };

  const clientLeft = () => {
    if (!response.writableFinished) controller?.abort(new ClientLeft());
  };
  const leave = () => {
    finish();
    controller?.abort(new ClientLeft());
  };

  return {
    onRequestStart(started) {
      controller = started;
      if (response.destroyed) started.abort(new ClientLeft());
      else response.once('close', clientLeft);
    },
    onResponseStart(started, status, headers) {
      if (status < 200) return;
      const length = headers['content-length'];
      const events = String(headers['content-type']).startsWith('text/event-stream');
      if (staysOpen(request, status, length)) {
        if (!stays()) return started.abort(noRoom());
        opened({
          kind: 'stream',
          login: exchange.token?.login ?? null,
          subject: exchange.subject,
          close: () => breakOff(request, response),
          // Events come for ever, and clients come again; anything else has an end of its own.
          leave: events ? leave : () => {},
        });
      }
      answering = true;
      exchange.status = status;
      settle({ answered: true });
      holdOpen(request, response);
      response.writeHead(status, responseHeaders(exchange, headers, answerHeaders));
      if (length !== undefined) missing = Number(length);
      else if (events) response.flushHeaders();
    },
    onResponseData(from, chunk) {
      missing -= chunk.length;
      // The last chunk goes out together with the end: one system call, not two.
      if (missing === 0) finish(chunk);
      else if (!response.write(chunk)) {
        from.pause();
        const stalled = setTimeout(() => breakOff(request, response), patience);
        const resume = () => {
          clearTimeout(stalled);
          response.off('drain', resume).off('close', resume);
          from.resume();
        };
        response.once('drain', resume).once('close', resume);
      }
    },
    onResponseEnd() {
      ended();
      finish();
    },
    onResponseError(_, cause) {
      ended();
      response.off('close', clientLeft);
      if (!answering) settle({ answered: false, cause });
      else if (!finished) breakOff(request, response);
    },
  };
}

function staysOpen(
  { method }: IncomingMessage,
  status: number,
  length: string | string[] | undefined,
): boolean {
  if (length !== undefined) return Number(length) > LONG;
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

function noRoom() {
  return UpstreamUnavailable('Too many streams are open; try again shortly', [], { 'Retry-After': '1' });
}
