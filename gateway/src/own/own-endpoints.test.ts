import { createServer, get, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startGateway } from '../gateway.ts';
import { sendRaw } from '../testing/raw.ts';
import { manifestOf, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/things/{thing_id}')]);
  fleet.identity.manifest = manifestOf('identity', [
    testRoute('GET', '/.well-known/jwks.json', { caller: 'public' }),
  ]);
  await vi.waitFor(async () => expect((await fleet.get('/.well-known/jwks.json')).status).toBe(200), {
    timeout: 10_000,
  });
});

afterAll(() => fleet.stop());

/** As the bytes came: fetch would unpack them. */
const readRaw = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    get(fleet.url + path, { headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    }).on('error', reject);
  });

const read = async <Body>(path: string) => (await (await fleet.get(path)).json()) as Body;

describe('the documents', () => {
  it('merge what the services declare', async () => {
    const document = await read<{ openapi: string; paths: object; servers: object; tags: object[] }>(
      '/api/v1/openapi.json',
    );
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'http://gateway.test' }]);
    expect(document.paths).toHaveProperty(['/api/v1/things/{thing_id}', 'get']);
    expect(document.tags).toContainEqual({ name: 'storage' });
    expect(await read('/api/openapi.json')).toEqual(document);
  });

  it('describe the events, too', async () => {
    expect(await read('/api/v1/asyncapi.json')).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) });
  });

  it('can be read at /docs, with everything from here and no script in the page', async () => {
    const answer = await fleet.get('/docs');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    const page = await answer.text();
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<script>|<style| style=| on\w+=/);
    const files = new Set([...page.matchAll(/(?:href|src)="(\/docs\/[^"]+)"/g)].map(match => match[1]!));
    // What is added while it is gone through is gone through, too.
    for (const file of files) {
      const part = await fleet.get(file);
      expect([file, part.status]).toEqual([file, 200]);
      for (const [, name] of (await part.text()).matchAll(/from '\.\/([^']+)'/g)) files.add(`/docs/${name}`);
    }
    expect(files.size).toBeGreaterThan(6);
    expect((await fleet.get('/docs/')).status).toBe(200);
    expect((await fleet.get('/docs/../gateway.ts')).status).toBe(404);
  });

  it('are compressed as the client can read it, and not sent again while they are the same', async () => {
    for (const path of ['/api/v1/asyncapi.json', '/docs', '/docs/page.js', '/pages/page.css']) {
      const plain = await readRaw(path, { 'accept-encoding': 'identity' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      const tags = new Set([plain.headers.etag]);
      for (const [coding, decompress] of [
        ['br', brotliDecompressSync] as const,
        ['gzip', gunzipSync] as const,
      ]) {
        const packed = await readRaw(path, { 'accept-encoding': coding });
        expect([path, packed.headers['content-encoding'], packed.headers.vary]).toEqual([
          path,
          coding,
          'Accept-Encoding, Origin',
        ]);
        expect(decompress(packed.body)).toEqual(plain.body);
        expect(packed.body.length).toBeLessThan(plain.body.length);
        expect(Number(packed.headers['content-length'])).toBe(packed.body.length);
        tags.add(packed.headers.etag);
        const condition = `"other", W/${packed.headers.etag}`;
        const again = await readRaw(path, { 'accept-encoding': coding, 'if-none-match': condition });
        expect([again.status, again.body.length]).toEqual([304, 0]);
        expect(again.headers).toMatchObject({ etag: packed.headers.etag, vary: packed.headers.vary });
        expect(again.headers).not.toHaveProperty('content-length');
      }
      // A strong validator belongs to one representation.
      expect(tags.size).toBe(3);
      expect((await readRaw(path, { 'if-none-match': '"other"' })).status).toBe(200);
    }
    const both = await readRaw('/docs', { 'accept-encoding': 'gzip, deflate, br, zstd' });
    expect(both.headers['content-encoding']).toBe('br');
    expect((await readRaw('/docs', { 'accept-encoding': 'br;q=0, gzip' })).headers['content-encoding']).toBe(
      'gzip',
    );
  });

  it('change with what the services declare', async () => {
    const tag = async () => (await fleet.get('/api/v1/openapi.json')).headers.get('etag');
    const before = await tag();
    const former = fleet.storage.manifest;
    fleet.storage.manifest = manifestOf('storage', [testRoute('GET', '/api/v1/newer')]);
    await vi.waitFor(async () => expect(await tag()).not.toBe(before), { timeout: 10_000 });
    const document = await fleet.get('/api/v1/openapi.json');
    expect(await document.json()).toHaveProperty(['paths', '/api/v1/newer', 'get']);
    fleet.storage.manifest = former;
    await vi.waitFor(async () => expect(await tag()).toBe(before), { timeout: 10_000 });
  });

  it.each([
    '/api/v1/openapi.json',
    '/api/asyncapi.json',
    '/docs',
    '/docs/page.css',
    '/.well-known/jwks.json',
  ])('%s can be read by a page of any origin, without credentials', async path => {
    const origin = 'https://elsewhere.example';
    const answer = await fleet.get(path, { origin });
    expect([answer.headers.get('access-control-allow-origin'), answer.status]).toEqual(['*', 200]);
    expect(answer.headers.has('access-control-allow-credentials')).toBe(false);
    const preflight = await fetch(fleet.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'if-none-match',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('If-None-Match');
  });

  it('and nothing else is readable from any origin', async () => {
    for (const path of ['/', '/metrics', '/health', '/api/v1/things/1', '/verify-email', '/docsx']) {
      const answer = await fleet.get(path, { origin: 'https://elsewhere.example' });
      expect([path, answer.headers.has('access-control-allow-origin')]).toEqual([path, false]);
    }
  });

  it('are named at the front page', async () => {
    expect(await read('/')).toMatchObject({ data: { documentation: '/docs' } });
  });
});

describe('a path of the gateway itself', () => {
  it.each([
    '/',
    '/health',
    '/ready',
    '/metrics',
    '/docs',
    '/docs/page.css',
    '/api/v1/openapi.json',
    '/invitations/x',
  ])('answers 405 with Allow to a method that %s does not have', async path => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await fetch(fleet.url + path, { method });
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
      expect(await answer.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
    }
    expect([200, 503]).toContain((await fetch(fleet.url + path, { method: 'HEAD' })).status);
  });

  it('is limited for each address, and a load balancer`s probes are not', async () => {
    const gateway = await startGateway({
      ...fleet.env,
      TRUST_PROXY: 'loopback',
      RATE_LIMIT_STANDARD: '3/60',
      RATE_LIMIT_PAGE_FILE: '5/60',
    });
    const statuses = async (path: string, times: number, from: string) => {
      const found: number[] = [];
      for (let time = 0; time < times; time++) {
        const answer = await fetch(gateway.url + path, { headers: { 'x-forwarded-for': from } });
        await answer.arrayBuffer();
        found.push(answer.status);
      }
      return found;
    };
    let last = 0;
    const someone = () => `198.51.100.${++last}`;
    for (const path of ['/', '/docs', '/api/v1/openapi.json', '/api/v1/asyncapi.json', '/verify-email']) {
      expect([path, ...(await statuses(path, 4, someone()))]).toEqual([path, 200, 200, 200, 429]);
    }
    expect(await statuses('/metrics', 4, someone())).toEqual([404, 404, 404, 429]);
    const flooder = someone();
    expect(await statuses('/docs/page.css', 6, flooder)).toEqual([200, 200, 200, 200, 200, 429]);
    await statuses('/docs', 5, flooder);
    for (const path of ['/health', '/ready']) {
      expect(await statuses(path, 10, flooder)).toEqual(Array(10).fill(200));
    }
    await gateway.stop();
  });
});

describe('health, readiness and metrics', () => {
  it('are answered', async () => {
    expect(await read('/health')).toEqual({ status: 'ok', service: 'gateway' });
    expect(await read('/ready')).toMatchObject({
      status: 'ready',
      services: { identity: true, storage: true },
    });
    await fleet.get('/api/v1/things/1');
    const metrics = await (await fleet.get('/metrics')).text();
    expect(metrics).toMatch(
      /rivergate_gateway_duration_seconds_count\{.*route="\/api\/v1\/things\/\{thing_id\}".*status="401"/,
    );
  });

  it('show no metrics to others than this machine', async () => {
    expect((await fleet.get('/metrics', { 'x-forwarded-for': '203.0.113.1' })).status).toBe(404);
  });

  it('show metrics to whoever has the token, and then to nobody else', async () => {
    const token = 'metrics-token-of-this-test';
    const gateway = await startGateway({ ...fleet.env, METRICS_TOKEN: token });
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${gateway.url}/metrics`, { headers })).status;
    expect(await status({})).toBe(404);
    expect(await status({ authorization: 'Bearer wrong' })).toBe(404);
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
    await gateway.stop();
  });
});

describe('the mailbox', () => {
  it('is unknown where there is none', async () => {
    expect((await fleet.get('/dev/mailbox')).status).toBe(404);
  });

  const started = async (env: NodeJS.ProcessEnv = {}) => {
    const mailbox = createServer((request, response) => {
      response.end(
        JSON.stringify({ url: request.url, credential: request.headers['x-internal-credential'] ?? null }),
      );
    });
    await new Promise<void>(resolve => mailbox.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(mailbox.address() as AddressInfo).port}`;
    const gateway = await startGateway({ ...fleet.env, MAILBOX_URL: address, ...env });
    return {
      url: gateway.url,
      async stop() {
        await gateway.stop();
        mailbox.close();
      },
    };
  };

  it('is passed on where there is one, without a credential', async () => {
    const { url, stop } = await started();
    const answer = await fetch(`${url}/dev/mailbox/messages?to=a@b.test`);
    expect(await answer.json()).toEqual({ url: '/dev/mailbox/messages?to=a@b.test', credential: null });
    expect((await fetch(`${url}/dev/mailboxes`)).status).toBe(404);
    await stop();
  });

  it('is unknown to whoever comes by another name (DNS rebinding) or through a proxy on this machine', async () => {
    const { url, stop } = await started({ TRUST_PROXY: 'loopback' });
    const { port } = new URL(url);
    const ask = async (...headers: string[]) => {
      const head = ['GET /dev/mailbox/messages HTTP/1.1', 'Connection: close', ...headers].join('\r\n');
      return (await sendRaw(url, `${head}\r\n\r\n`)).slice(9, 12);
    };
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:8080', 'LocalHost:1'])
      expect([host, await ask(`Host: ${host}`)]).toEqual([host, '200']);
    for (const host of [
      `rebound.example:${port}`,
      'localhost.rebound.example',
      'localhost.',
      '127.0.0.1.nip.example',
      '192.168.1.7:8080',
      '0.0.0.0',
      '',
    ])
      expect([host, await ask(`Host: ${host}`)]).toEqual([host, '404']);
    for (const forwarded of [
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: localhost',
      'X-Real-IP: 127.0.0.1',
      'Forwarded: for=127.0.0.1',
      'Via: 1.1 proxy',
    ])
      expect([forwarded, await ask('Host: localhost', forwarded)]).toEqual([forwarded, '404']);
    await stop();
  });

  it.each([
    [{ HOST: '0.0.0.0' }, 'HOST is 0.0.0.0'],
    [{ HOST: '::' }, 'HOST is ::'],
    [{ PUBLIC_URL: 'https://rivergate.example' }, 'PUBLIC_URL begins with https'],
  ])('is refused at the start with %j', async (env, found) => {
    const boot = startGateway({ ...fleet.env, MAILBOX_URL: 'http://127.0.0.1:9', ...env });
    await expect(boot).rejects.toThrow(new RegExp(`MAILBOX_URL is set, and ${found}.*SMTP_URL`, 's'));
  });
});
