import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { RequestTooLarge } from '@rivergate/endpoint';

/** A request's body on its way to a service. */
export type RequestBody = {
  stream: Readable;
  /** Whether any of it was read, after which the request cannot be sent a second time. */
  begun(): boolean;
};

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** @throws RequestTooLarge for a declared length over the limit in bytes, before a byte of it is read */
export function refuseDeclaredLength({ headers }: IncomingMessage, limit: number): void {
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > limit) throw RequestTooLarge();
}

/**
 * Streams the body through, counted: the stream fails with RequestTooLarge at the byte that passes the limit. Reading
 * begins when the service's connection takes the first byte, and a stream that is given up leaves the client's
 * connection alone, so that an answer can still be written.
 */
export function requestBody(request: IncomingMessage, limit: number): RequestBody {
  let begun = false;
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) stream.destroy(RequestTooLarge());
    else if (!stream.push(chunk)) request.pause();
  };
  const onEnd = () => stream.push(null);
  const onClose = () => {
    if (!request.complete) stream.destroy(new Error('The client left'));
  };
  const stream = new Readable({
    read() {
      if (!begun) {
        begun = true;
        request.on('data', onData).once('end', onEnd).once('close', onClose);
      }
      request.resume();
    },
    destroy(cause, done) {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      if (begun && !request.readableEnded) request.pause();
      done(cause);
    },
  });
  return { stream, begun: () => begun };
}
