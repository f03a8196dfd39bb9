import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody } from '@rivergate/endpoint';

/** Milliseconds for which a client that was answered may send nothing, and for which it may go on in all. */
const SILENCE = 2_000;
const LONGEST = 10_000;
/** Bytes that are read and thrown away. */
const MOST = 100 * 1024 * 1024;

const stillSending = (request: IncomingMessage) =>
  hasBody(request) && !request.complete && !request.destroyed;

/**
 * To be called before the head of an answer is written. A body that was not read to its end must not be taken for the
 * next request, so the connection ends with this answer.
 */
export function holdOpen(request: IncomingMessage, response: ServerResponse): void {
  if (stillSending(request)) response.shouldKeepAlive = false;
}

/**
 * Writes the last of an answer. A client that is still sending its body is read on for a while before the connection
 * is closed: many send everything before they read, and a connection that is closed with unread bytes in it is reset,
 * which would cost them the answer (RFC 9112, section 9.6; nginx calls it lingering close).
 */
export function endAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  last?: string | Buffer | undefined,
): void {
  if (!stillSending(request)) {
    response.end(last);
    // What is there of a body and nobody reads would keep the next request on the connection from being read.
    if (hasBody(request) && !request.readableEnded) request.resume();
    return;
  }
  if (last === undefined) response.flushHeaders();
  else response.write(last);
  let bytes = 0;
  const end = () => {
    clearTimeout(silence);
    clearTimeout(longest);
    request.off('data', onData).off('end', end).off('close', end);
    response.end();
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    silence.refresh();
    if (bytes > MOST) end();
  };
  const silence = setTimeout(end, SILENCE);
  const longest = setTimeout(end, LONGEST);
  request.on('data', onData).once('end', end).once('close', end);
  request.resume();
}
