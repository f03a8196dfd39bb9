import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback, namesThisMachine } from '@rivergate/caller/address';
import { page } from './page.ts';
import type { Store } from './store.ts';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** A mail is an untrusted document: no scripts, nothing loaded from anywhere, an origin of its own. */
const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ');

/** The page, the list as JSON, and each mail's HTML as a document of its own for the page's frame. */
export async function listenHttp(store: Store, port: number) {
  const server = createServer((request, response) => answer(store, request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(store: Store, request: IncomingMessage, response: ServerResponse) {
  if (!isLoopback(request.socket.remoteAddress ?? '') || !namesThisMachine(request.headers.host))
    return json(response, 403, { error: 'Only for this machine: open it as localhost' });
  const url = new URL(request.url ?? '/', 'http://mailbox');
  const path = url.pathname.replace(/(.)\/$/, '$1');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return json(response, 405, { error: 'Only GET here' });
  }
  if (path === '/health' || path === '/ready') return json(response, 200, { status: 'ok' });
  if (path === '/dev/mailbox') {
    const { html, policy } = page();
    return send(response, 200, 'text/html; charset=utf-8', html, { 'content-security-policy': policy });
  }
  if (path === '/dev/mailbox/messages') return list(store, url, request, response);
  const [, id] = /^\/dev\/mailbox\/messages\/(\d{1,12})\/html$/.exec(path) ?? [];
  const message = id === undefined ? undefined : store.get(Number(id));
  if (!message) return json(response, 404, { error: 'Not found' });
  // Links open beside the mailbox instead of inside the frame.
  const document = `<!doctype html><meta charset="utf-8"><base target="_blank">${message.html}`;
  const headers = { 'content-security-policy': MAIL_POLICY, 'x-frame-options': 'SAMEORIGIN' };
  return send(response, 200, 'text/html; charset=utf-8', document, headers);
}

function list(store: Store, url: URL, request: IncomingMessage, response: ServerResponse) {
  const tag = `"${store.version()}"`;
  if (request.headers['if-none-match'] === tag)
    return send(response, 304, 'application/json', '', { etag: tag });
  const messages = store.list(url.searchParams.get('to') ?? undefined);
  return json(response, 200, { messages }, { etag: tag });
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  send(response, status, 'application/json', JSON.stringify(body), headers);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string>,
) {
  response.writeHead(status, { ...HEADERS, 'content-type': type, ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
