import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendRaw } from '../testing/raw.ts';
import { type Handler, json, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
let echo: Handler;

beforeAll(async () => {
  const open = { caller: 'public' } as const;
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/open', { ...open, cookies: ['a', 'b'] }),
      testRoute('POST', '/api/v1/open', open),
      testRoute('PUT', '/api/v1/open', open),
      testRoute('GET', '/api/v1/slow', { ...open, timeout: 300 }),
      testRoute('POST', '/api/v1/large', { ...open, bodyLimit: 5_000_000 }),
      testRoute('POST', '/api/v1/slow-upload', { ...open, bodyLimit: 5_000_000, timeout: 300 }),
      testRoute('GET', '/api/v1/secret'),
    ],
    { env: { CORS_ORIGINS: 'https://console.test, https://other.test' } },
  );
  echo = fleet.storage.handle;
});

beforeEach(() => {
  fleet.storage.handle = echo;
  fleet.storage.received.length = 0;
});

afterAll(() => fleet.stop());

const post = (body: string | ReadableStream, headers: Record<string, string> = {}, path = '/api/v1/open') =>
  fetch(fleet.url + path, { method: 'POST', body, headers, ...({ duplex: 'half' } as object) });

describe('what reaches a service', () => {
  it('is the request with its method, query and body, and the id that the client sees', async () => {
    const answer = await fetch(`${fleet.url}/api/v1/open?a=1&a=%20`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k', 'x-request-id': 'chosen-by-me' },
    });
    expect(answer.headers.get('x-request-id')).toBe('chosen-by-me');
    const [received] = fleet.storage.received;
    expect(received).toMatchObject({ method: 'POST', url: '/api/v1/open?a=1&a=%20', body: '{"a":1}' });
    expect(received?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'k',
      'x-request-id': 'chosen-by-me',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(received?.principal).toMatchObject({ kind: 'anonymous' });
  });

  it('is nothing of what only the gateway may say', async () => {
    const user = await fleet.signIn();
    await fleet.get('/api/v1/secret', {
      ...user.headers,
      'x-org-id': '1',
      'x-user-id': '1',
      'x-internal-credential': 'forged',
      'x-internal-anything': '1',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-host': 'elsewhere.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-user': 'root',
      'x-real-ip': '203.0.113.1',
      'x-http-method-override': 'DELETE',
      'x-original-url': '/internal/manifest',
      forwarded: 'for=203.0.113.1',
      'proxy-authorization': 'Basic eA==',
      te: 'trailers',
    });
    const { headers, principal } = fleet.storage.received[0]!;
    expect(principal).toMatchObject({ userId: user.userId, ip: '127.0.0.1' });
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    for (const name of [
      'authorization',
      'x-org-id',
      'x-user-id',
      'x-internal-anything',
      'x-forwarded-proto',
      'x-forwarded-user',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
    for (const name of [
      'x-real-ip',
      'forwarded',
      'proxy-authorization',
      'te',
      'x-http-method-override',
      'x-original-url',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(JSON.stringify(headers)).not.toContain(user.token);
  });

  it('holds neither what the sender declares for one connection only, nor anything twice', async () => {
    const bytes = [
      'GET /api/v1/open HTTP/1.1',
      'Host: gateway.test',
      'Connection: close, X-Hop, X-Internal-Credential, X-Request-Id',
      'X-Hop: 1',
      'X-Internal-Credential: forged',
      'X-Internal-Credential: forged',
      'X_Org_ID: 1',
      '',
      '',
    ];
    expect(await sendRaw(fleet.url, bytes.join('\r\n'))).toMatch(/^HTTP\/1\.1 200/);
    const { headers, rawHeaders, principal } = fleet.storage.received[0]!;
    expect(headers).not.toHaveProperty('x-hop');
    expect(principal).toMatchObject({ kind: 'anonymous' });
    expect(rawHeaders.filter(name => name === 'x-internal-credential')).toHaveLength(1);
    expect(headers['x-request-id']).toMatch(/^[\w-]{36}$/);
  });

  it('continues a valid trace and starts one otherwise', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await fleet.get('/api/v1/open', { traceparent });
    await fleet.get('/api/v1/open', { traceparent: 'nonsense', tracestate: 'a=b' });
    expect(fleet.storage.received[0]?.headers.traceparent).toBe(traceparent);
    expect(fleet.storage.received[1]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(fleet.storage.received[1]?.headers).not.toHaveProperty('tracestate');
  });

  it('has another id when the client`s is not acceptable', async () => {
    for (const id of ['short', 'a'.repeat(65), 'with space!', '<script>']) {
      const answer = await fleet.get('/api/v1/open', { 'x-request-id': id });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('what reaches the client', () => {
  it('is the answer without anything internal, and with the security headers', async () => {
    fleet.storage.handle = (_, response) => {
      response.writeHead(201, {
        'content-type': 'application/json',
        'x-internal-credential': 'secret',
        'x-internal-node': 'seven',
        'x-powered-by': 'Express',
        'x-manifest-version': '1',
        'x-request-id': 'another',
        'access-control-allow-origin': '*',
        server: 'nginx',
        vary: 'Accept',
        location: '/api/v1/open/1',
        'set-cookie': ['a=1', 'b=2', 'undeclared=3'],
      });
      response.end('{}');
    };
    const answer = await fleet.get('/api/v1/open');
    expect(answer.status).toBe(201);
    const headers = Object.fromEntries(answer.headers);
    for (const name of [
      'x-internal-credential',
      'x-internal-node',
      'x-powered-by',
      'x-manifest-version',
      'server',
    ]) {
      expect(headers).not.toHaveProperty(name);
    }
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers['x-request-id']).not.toBe('another');
    expect(headers).toMatchObject({
      location: '/api/v1/open/1',
      vary: 'Accept, Origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    });
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('streams as it comes (server-sent events), and ends when the client leaves', async () => {
    const left = Promise.withResolvers<void>();
    const next = Promise.withResolvers<void>();
    fleet.storage.handle = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      void next.promise.then(() => response.write('data: 2\n\n'));
      response.once('close', () => left.resolve());
    };
    const leaving = new AbortController();
    const answer = await fetch(`${fleet.url}/api/v1/open`, { signal: leaving.signal });
    const reader = answer.body!.getReader();
    const text = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await text()).toBe('data: 1\n\n');
    next.resolve();
    expect(await text()).toBe('data: 2\n\n');
    leaving.abort();
    await left.promise;
  });

  it('is cut off, not completed, when the service breaks off', async () => {
    fleet.storage.handle = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    };
    await expect(fleet.get('/api/v1/open').then(answer => answer.text())).rejects.toThrow();
  });

  it('passes large answers through without losing a byte', async () => {
    const large = Buffer.alloc(8_000_000, 'rivergate ');
    fleet.storage.handle = (_, response) => response.end(large);
    const answer = await fleet.get('/api/v1/open');
    expect(Buffer.from(await answer.arrayBuffer()).equals(large)).toBe(true);
  });
});

describe('a body', () => {
  it('streams through, declared or chunked', async () => {
    const large = 'x'.repeat(4_000_000);
    expect((await post(large, {}, '/api/v1/large')).status).toBe(200);
    expect((await post(new Blob([large]).stream(), {}, '/api/v1/large')).status).toBe(200);
    expect(fleet.storage.received.map(({ body }) => body.length)).toEqual([large.length, large.length]);
  });

  it('may come for longer than its service has for the answer, which then still has its time', async () => {
    const { port } = new URL(fleet.url);
    const upload = async (answering: Handler) => {
      fleet.storage.handle = answering;
      const sent = httpRequest({ port, path: '/api/v1/slow-upload', method: 'POST' });
      for (let index = 0; index < 8; index++) {
        sent.write('x');
        await pass(100);
      }
      sent.end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    expect(await upload(echo)).toBe(200);
    expect(await upload(() => {})).toBe(504);
  });

  it('over the limit answers 413 before a byte is sent on, when its length is declared', async () => {
    const answer = await post('x'.repeat(1025));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: 'REQUEST_ENTITY_TOO_LARGE' } });
    expect(fleet.storage.received).toEqual([]);
    expect((await post('x'.repeat(1024))).status).toBe(200);
  });

  it('over the limit answers 413 when its length is not declared', async () => {
    const chunk = 'x'.repeat(600);
    const bytes = `POST /api/v1/open HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n${chunk}\r\n258\r\n${chunk}\r\n0\r\n\r\n`;
    const answer = await sendRaw(fleet.url, bytes, /\}\}$/);
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    expect(answer).toContain('REQUEST_ENTITY_TOO_LARGE');
  });

  it('is asked for only when the request may go on (Expect: 100-continue)', async () => {
    const ask = (path: string) =>
      new Promise<string[]>((resolve, reject) => {
        const seen: string[] = [];
        const { hostname, port } = new URL(fleet.url);
        const request = httpRequest({
          hostname,
          port,
          path,
          method: 'POST',
          headers: { expect: '100-continue', 'content-length': 2 },
        });
        request.on('continue', () => {
          seen.push('continue');
          request.end('{}');
        });
        request.on('response', answer => {
          seen.push(String(answer.statusCode));
          answer.resume().on('end', () => resolve(seen));
          request.destroy();
          resolve(seen);
        });
        request.on('error', reject);
        request.flushHeaders();
      });
    expect(await ask('/api/v1/open')).toEqual(['continue', '200']);
    expect(await ask('/api/v1/nothing')).toEqual(['404']);
  });
});

describe('a service that fails', () => {
  it('by not answering in time: 504', async () => {
    fleet.storage.handle = () => {};
    const answer = await fleet.get('/api/v1/slow');
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ error: { code: 'UPSTREAM_TIMEOUT' } });
  });

  it('by answering no HTTP: 502', async () => {
    fleet.storage.handle = (_, response) => response.socket?.end('nonsense\r\n\r\n');
    const answer = await post('{}');
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: 'UPSTREAM_BAD_RESPONSE' } });
  });

  it('by closing the connection: a GET is tried again, with a credential of its own', async () => {
    let calls = 0;
    fleet.storage.handle = (request, response, received) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else echo(request, response, received);
    };
    const user = await fleet.signIn();
    expect((await fleet.get('/api/v1/secret', user.headers)).status).toBe(200);
    expect(fleet.storage.received.map(({ principal }) => principal?.userId)).toEqual([
      user.userId,
      user.userId,
    ]);
  });

  it('by closing the connection: a POST is sent once and answered 503', async () => {
    fleet.storage.handle = request => request.socket.destroy();
    const answer = await post('{}');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(fleet.storage.received).toHaveLength(1);
  });

  it('by closing the connection: a PUT is sent again, body and all', async () => {
    let calls = 0;
    fleet.storage.handle = (request, response, received) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else echo(request, response, received);
    };
    const put = await fetch(`${fleet.url}/api/v1/open`, { method: 'PUT', body: '{"a":1}' });
    expect(put.status).toBe(200);
    expect(fleet.storage.received.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
  });

  it('again and again, and says that it is not well, is left alone until it is', async () => {
    fleet.storage.handle = request => request.socket.destroy();
    fleet.storage.well = false;
    await vi.waitFor(async () => {
      const calls = fleet.storage.received.length;
      expect((await post('{}')).status).toBe(503);
      expect(fleet.storage.received.length).toBe(calls);
    }, 30_000);
    fleet.storage.handle = echo;
    expect((await post('{}')).status, 'no request of a client is the one that tries').toBe(503);
    fleet.storage.well = true;
    await vi.waitFor(async () => expect((await post('{}')).status).toBe(200), {
      timeout: 5_000,
      interval: 100,
    });
    expect((await fleet.get('/api/v1/open')).status).toBe(200);
  });

  it('again and again on one endpoint, but is well, is kept from nobody', async () => {
    fleet.storage.handle = (request, response, received) => {
      if (received.method === 'POST') request.socket.destroy();
      else echo(request, response, received);
    };
    for (let index = 0; index < 30; index++) expect((await post('{}')).status).toBe(503);
    expect(fleet.storage.received).toHaveLength(30);
    expect((await fleet.get('/api/v1/open')).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  it('may call when its origin is listed, and only then', async () => {
    const listed = await fleet.get('/api/v1/open', { origin: 'https://console.test' });
    expect(listed.headers.get('access-control-allow-origin')).toBe('https://console.test');
    const exposed = listed.headers.get('access-control-expose-headers');
    for (const name of ['X-Request-Id', 'Location', 'Upload-Offset']) expect(exposed).toContain(name);
    expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
    const other = await fleet.get('/api/v1/open', { origin: 'https://evil.test' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    expect(other.headers.get('vary')).toContain('Origin');
  });

  it('gets the answer to its preflight from the gateway, also on a refusal', async () => {
    const preflight = await fetch(`${fleet.url}/api/v1/secret`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://other.test',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    const allowed = preflight.headers.get('access-control-allow-headers');
    for (const name of ['Authorization', 'X-Device-Fingerprint', 'Tus-Resumable', 'Upload-Offset'])
      expect(allowed).toContain(name);
    expect(fleet.storage.received).toEqual([]);
    const refused = await fleet.get('/api/v1/secret', { origin: 'https://other.test' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://other.test');
  });
});

it('a service`s refusal is passed on as it is', async () => {
  fleet.storage.handle = (_, response) =>
    json(response, 422, {
      success: false,
      error: { code: 'VALIDATION_ERROR', message: '', request_id: 'x' },
    });
  const answer = await fleet.get('/api/v1/open');
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ error: { code: 'VALIDATION_ERROR' } });
});
