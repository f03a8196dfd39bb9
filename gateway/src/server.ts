import { randomUUID } from 'node:crypto';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type Failure,
  failureAnswer,
  MalformedRequest,
  MethodNotAllowed,
  RequestTooLarge,
} from '@rivergate/endpoint';
import type { HeaderLine } from './answer/header-line.ts';
import { destroyLater, rawAnswer } from './answer/write.ts';
import type { FrontDoor } from './front-door.ts';
import { ExpectationFailed, HeadersTooLarge, RequestTimeout } from './refusals.ts';

const options: ServerOptions = {
  // How long a client may take for its headers and between two requests. How long for a body follows from its pace.
  headersTimeout: 15_000,
  requestTimeout: 0,
  keepAliveTimeout: 72_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
  noDelay: true,
  insecureHTTPParser: false,
  // The pipeline refuses a missing or second Host itself, in the documented shape.
  requireHostHeader: false,
  // Other protocols (h2c above all) are not offered: the request is answered as if it had not asked.
  shouldUpgradeCallback: ({ method, headers }) =>
    method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket',
};

/** The HTTP server of the front door. What its parser refuses is answered in the documented shape, too. */
export function httpServer(door: FrontDoor, security: readonly HeaderLine[]): Server {
  const server = createServer(options, door.request);
  server.maxHeadersCount = 100;
  server.on('upgrade', door.upgrade);
  // The forward step says "100 Continue" when it is ready for the body, not before.
  server.on('checkContinue', door.request);
  server.on('checkExpectation', (_request, response) => {
    refuseSocket(response.socket!, ExpectationFailed(), security);
  });
  server.on('connect', (_request, socket) => refuseSocket(socket, MethodNotAllowed(), security));
  server.on('clientError', (cause: Error & { code?: string }, socket) => {
    const answered = (socket as { _httpMessage?: { headersSent?: boolean } | null })._httpMessage
      ?.headersSent;
    if (cause.code === 'ECONNRESET' || !socket.writable || answered) {
      socket.destroy();
      return;
    }
    refuseSocket(socket, failureOf(cause.code), security);
  });
  return server;
}

function failureOf(code: string | undefined): Failure {
  if (code === 'HPE_HEADER_OVERFLOW') return HeadersTooLarge();
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return RequestTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return RequestTimeout();
  return MalformedRequest('The request is not proper HTTP');
}

function refuseSocket(socket: Duplex, failure: Failure, security: readonly HeaderLine[]): void {
  const requestId = randomUUID();
  const answer = failureAnswer(failure, requestId);
  const body = JSON.stringify(answer.payload);
  const lines = ['X-Request-Id', requestId, 'Content-Type', 'application/json'];
  lines.push('Content-Length', String(Buffer.byteLength(body)));
  for (const { name, value } of security) lines.push(name, value);
  socket.end(rawAnswer(answer.status, lines, body));
  destroyLater(socket);
}
