import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll } from 'vitest';

export interface WebServer {
  port: number;
  /** Every request so far. */
  requests: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];
  /** Connections that were opened so far. */
  connections: number;
  /** Those that are open. */
  sockets: Set<Socket>;
}

/**
 * A server at 127.0.0.1 for the tests of a file. It answers when a request is there with its body.
 *
 * @param identity key and certificate, for TLS
 */
export async function startWebServer(
  answer: RequestListener,
  identity?: { key: string; cert: string },
): Promise<WebServer> {
  const listener: RequestListener = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '', headers } = request;
    own.requests.push({ method, url, headers, body });
    await answer(request, response);
  };
  const server = identity ? createTlsServer(identity, listener) : createServer(listener);
  const own: WebServer = { port: 0, requests: [], connections: 0, sockets: new Set() };
  server.on('connection', (socket: Socket) => {
    own.connections++;
    own.sockets.add(socket);
    socket.once('close', () => own.sockets.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  own.port = (server.address() as AddressInfo).port;
  afterAll(() => {
    for (const socket of own.sockets) socket.destroy();
    server.close();
  });
  return own;
}
