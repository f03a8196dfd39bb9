import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { RequestTooLarge, UpstreamUnavailable } from '@rivergate/endpoint';
import { RequestTimeout } from '../refusals.ts';
import { ClientLeft } from './client-left.ts';
import { uploadPace } from './upload-pace.ts';

/** A request's body on its way to a service. */
export type RequestBody = {
  content: Buffer | Readable;
  /** Whether it can be sent a second time. */
  repeatable(): boolean;
  /** Why it ended before its end, if it did. */
  failure(): Error | null;
  /** The service has it, or nobody will. */
  release(): void;
};

export type RequestBodies = {
  /**
   * Reads the body to its end.
   *
   * @param limit bytes
   * @throws RequestTooLarge, RequestTimeout for a client that sends too slowly, UpstreamUnavailable while the bodies
   *   that are kept take all the memory there is for them, ClientLeft
   */
  kept(request: IncomingMessage, limit: number): Promise<RequestBody>;
  /**
   * Passes the body on as it comes. Reading begins when the service's connection takes the first byte; the stream
   * fails with what `kept` throws. It leaves the client's connection alone, so that an answer can still be written.
   */
  streamed(request: IncomingMessage, limit: number): RequestBody;
};

/** @throws RequestTooLarge for a declared length over the limit in bytes, before a byte of it is read */
export function refuseDeclaredLength({ headers }: IncomingMessage, limit: number): void {
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > limit) throw RequestTooLarge();
}

/**
 * @param memory bytes that all bodies that are kept may take together
 * @param window seconds over which the pace of a client is measured
 */
export function requestBodies({ memory, window }: { memory: number; window: number }): RequestBodies {
  let kept = 0;

  return {
    kept: (request, limit) =>
      new Promise((resolve, reject) => {
        if (request.destroyed) return reject(new ClientLeft());
        const chunks: Buffer[] = [];
        let bytes = 0;
        const stop = () => {
          pace.rest();
          request.off('data', onData).off('end', onEnd).off('close', onClose);
        };
        const release = () => {
          kept -= bytes;
          bytes = 0;
        };
        const fail = (cause: Error) => {
          stop();
          release();
          reject(cause);
        };
        const onData = (chunk: Buffer) => {
          if (bytes + chunk.length > limit) return fail(RequestTooLarge());
          if (kept + chunk.length > memory) return fail(noRoom());
          bytes += chunk.length;
          kept += chunk.length;
          pace.received(chunk.length);
          chunks.push(chunk);
        };
        const onEnd = () => {
          stop();
          const content = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
          resolve({ content, repeatable: () => true, failure: () => null, release });
        };
        const onClose = () => fail(new ClientLeft());
        const pace = uploadPace(window, () => fail(RequestTimeout()));
        request.on('data', onData).once('end', onEnd).once('close', onClose);
        pace.begin();
      }),

    streamed(request, limit) {
      let begun = false;
      let bytes = 0;
      const onData = (chunk: Buffer) => {
        bytes += chunk.length;
        pace.received(chunk.length);
        if (bytes > limit) stream.destroy(RequestTooLarge());
        else if (!stream.push(chunk)) {
          pace.rest();
          request.pause();
        }
      };
      const onEnd = () => {
        pace.rest();
        stream.push(null);
      };
      const onClose = () => {
        if (!request.complete) stream.destroy(new ClientLeft());
      };
      const pace = uploadPace(window, () => stream.destroy(RequestTimeout()));
      const stream = new Readable({
        read() {
          if (!begun) {
            begun = true;
            request.on('data', onData).once('end', onEnd).once('close', onClose);
          }
          if (request.readableEnded) return;
          pace.begin();
          request.resume();
        },
        destroy(cause, done) {
          pace.rest();
          request.off('data', onData).off('end', onEnd).off('close', onClose);
          done(cause);
        },
      });
      return {
        content: stream,
        repeatable: () => !begun,
        failure: () => stream.errored,
        release: () => {},
      };
    },
  };
}

function noRoom() {
  return UpstreamUnavailable('Too many bodies are being received; try again shortly', [], {
    'Retry-After': '1',
  });
}
