import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpCaller, type TestCaller } from './caller.ts';
import { eventually } from './eventually.ts';

type Seen = { method?: string; url?: string; type?: string; own?: string; body: string };

let server: Server;
let caller: TestCaller;
let seen: Seen[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('latin1');
    const { method, url, headers } = request;
    seen.push({ method, url, type: headers['content-type'], own: headers['x-own'] as string, body });
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    if (url === '/away') return void response.writeHead(302, { location: '/there' }).end();
    if (url === '/page') return void response.setHeader('content-type', 'text/html').end('<p>ä</p>');
    response.writeHead(url === '/none' ? 404 : 200, { 'content-type': 'application/problem+json' });
    response.end('{"found":true}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  caller = httpCaller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => ({
    'x-own': 'mine',
  }));
});
beforeEach(() => {
  seen = [];
});
afterAll(() => void server.close());

describe('the HTTP caller of tests', () => {
  it('sends JSON with its own headers, and reads what is answered whatever its status', async () => {
    const { status, headers, body, text } = await caller.post('/none', { a: 1 });
    expect([status, body, text]).toEqual([404, { found: true }, '{"found":true}']);
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(seen).toEqual([
      { method: 'POST', url: '/none', type: 'application/json', own: 'mine', body: '{"a":1}' },
    ]);
  });

  it('sends raw text and bytes as they are', async () => {
    await caller.put('/', undefined, { raw: '{"a":', headers: { 'content-type': 'text/x' } });
    await caller.patch('/', undefined, { raw: new Uint8Array([0, 255]), headers: { 'x-own': 'other' } });
    expect(seen).toMatchObject([
      { type: 'text/x', body: '{"a":' },
      { type: 'application/json', body: '\0\xff', own: 'other' },
    ]);
  });

  it('gives the text of what is no JSON, and follows no redirect', async () => {
    expect(await caller.get('/page')).toMatchObject({ status: 200, text: '<p>ä</p>', body: undefined });
    expect((await caller.get('/away')).status).toBe(302);
  });

  it('fails where another status was expected, and says what was answered', async () => {
    expect((await caller.get('/none').expect(404)).body).toEqual({ found: true });
    await expect(caller.get('/none').expect(200)).rejects.toThrow('expected 200 "OK", got 404 "Not Found"');
  });

  it('sends a request that nobody waits for yet', async () => {
    const answer = caller.delete('/later');
    await eventually(() => seen.length === 1);
    expect((await answer).status).toBe(200);
  });
});
