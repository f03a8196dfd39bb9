import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Closes the connection of an answer that has begun and cannot be finished, so that its client sees that it is not whole:
 * the last chunk, or some of the announced bytes, are missing (RFC 9112, section 8). To a client of HTTP/1.0 the end of
 * the connection is the end of the answer: there it is reset.
 */
export function breakOff(request: IncomingMessage, response: ServerResponse): void {
  if (request.httpVersion === '1.0') response.socket?.resetAndDestroy();
  response.destroy();
}
