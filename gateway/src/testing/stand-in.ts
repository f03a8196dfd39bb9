import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  CREDENTIAL_HEADER,
  type CredentialKeys,
  credentialMemory,
  type Principal,
  verifyCredential,
} from '@rivergate/caller';
import type { Manifest, ManifestRoute } from '@rivergate/endpoint';

/** A request as the stand-in received it, with the principal if its credential was good. */
export type Received = {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  principal: Principal | null;
  /** Milliseconds since the gateway decided about it; null without a good credential. */
  age: number | null;
  body: string;
};

export type Handler = (request: IncomingMessage, response: ServerResponse, received: Received) => void;

/** A service of node:http alone, in place of a real one: the gateway's rules are tested without anyone else's. */
export type StandIn = {
  name: string;
  url: string;
  port: number;
  received: Received[];
  server: Server;
  ready: boolean;
  /** Whether it answers when it is asked for its health; else it breaks off. */
  well: boolean;
  manifest: Manifest;
  handle: Handler;
  upgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | null;
  stop(): Promise<void>;
};

export const testRoute = (method: ManifestRoute['method'], path: string, more: Partial<ManifestRoute> = {}) =>
  ({
    method,
    path,
    caller: 'user',
    bearer: null,
    upgrade: null,
    protocol: null,
    cookies: [],
    bodyLimit: 1024,
    timeout: 2_000,
    anyNetwork: false,
    organizationParameter: path.includes('{org_id}') ? 'org_id' : null,
    workspace: null,
    ...more,
  }) satisfies ManifestRoute;

export async function startStandIn(
  name: string,
  keys: CredentialKeys,
  routes: ManifestRoute[] = [],
  port = 0,
): Promise<StandIn> {
  const seen = credentialMemory();
  const answerEcho: Handler = (_, response, received) =>
    json(response, 200, { success: true, data: received });
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const path = (request.url ?? '').split('?')[0]!;
    const { principal, age } = credentialOf(request, path);
    const chunks: Buffer[] = [];
    const { method = '', url = '', headers, rawHeaders } = request;
    const received: Received = { method, url, headers, rawHeaders, principal, age, body: '' };
    if (path === '/ready') {
      response.setHeader('x-manifest-version', standIn.manifest.version);
      return json(response, standIn.ready ? 200 : 503, {});
    }
    if (path === '/health') return standIn.well ? json(response, 200, {}) : void request.socket.destroy();
    if (path === '/internal/manifest') return json(response, principal ? 200 : 401, standIn.manifest);
    standIn.received.push(received);
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      received.body = Buffer.concat(chunks).toString();
      standIn.handle(request, response, received);
    });
  });
  const sockets = new Set<Duplex>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const { method = '', url = '', headers, rawHeaders } = request;
    const { principal, age } = credentialOf(request, url.split('?')[0]!);
    standIn.received.push({ method, url, headers, rawHeaders, principal, age, body: '' });
    if (standIn.upgrade) standIn.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  });

  const credentialOf = (
    request: IncomingMessage,
    path: string,
  ): { principal: Principal | null; age: number | null } => {
    try {
      const credential = String(request.headers[CREDENTIAL_HEADER]);
      return verifyCredential(credential, { keys, seen, audience: name, method: request.method!, path });
    } catch {
      return { principal: null, age: null };
    }
  };

  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  const standIn: StandIn = {
    name,
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    received: [],
    server,
    ready: true,
    well: true,
    manifest: manifestOf(name, routes),
    handle: answerEcho,
    upgrade: null,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return standIn;
}

let version = 0;

export function manifestOf(service: string, routes: ManifestRoute[]): Manifest {
  const paths: Manifest['openapi']['paths'] = {};
  for (const { path, method } of routes) {
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: { operationId: `${method} ${path}`, tags: [service] },
    };
  }
  version += 1;
  const openapi = { tags: [{ name: service }], paths, components: { schemas: {}, responses: {} } };
  return { service, version: String(version), routes, openapi };
}

export function json(response: ServerResponse, status: number, payload: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(payload));
}
