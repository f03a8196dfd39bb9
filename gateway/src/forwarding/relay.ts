import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import { endAnswer, holdOpen } from '../answer/linger.ts';
import type { Exchange } from '../exchange.ts';
import { ClientLeft } from './client-left.ts';
import { responseHeaders } from './response-headers.ts';

/** How an attempt to forward ended: the service answered, or the error before the first byte of an answer. */
export type Attempt = { answered: true } | { answered: false; cause: Error };

/**
 * Copies a service's answer to the client as it comes: status and headers at once, each chunk when it is there, and
 * no faster than the client takes it. Settles when the answer begins; the rest happens by itself. A client that
 * leaves cancels the request to the service.
 *
 * @param ended called once, when the service's connection is free again
 * @param patience milliseconds within which the client has to take what there is of the answer; one that does not would
 *   hold the connection to the service
 */
export function relay(
  exchange: Exchange & { response: ServerResponse },
  answerHeaders: AnswerHeaders,
  settle: (attempt: Attempt) => void,
  ended: () => void,
  patience: number,
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

  return {
    onRequestStart(started) {
      controller = started;
      if (response.destroyed) started.abort(new ClientLeft());
      else response.once('close', clientLeft);
    },
    onResponseStart(_, status, headers) {
      if (status < 200) return;
      answering = true;
      exchange.status = status;
      settle({ answered: true });
      holdOpen(request, response);
      response.writeHead(status, responseHeaders(exchange, headers, answerHeaders));
      const length = headers['content-length'];
      if (length !== undefined) missing = Number(length);
      else if (String(headers['content-type']).startsWith('text/event-stream')) response.flushHeaders();
    },
    onResponseData(from, chunk) {
      missing -= chunk.length;
      // The last chunk goes out together with the end: one system call, not two.
      if (missing === 0) finish(chunk);
      else if (!response.write(chunk)) {
        from.pause();
        const stalled = setTimeout(() => response.destroy(), patience);
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
      if (answering) response.destroy();
      else settle({ answered: false, cause });
    },
  };
}
