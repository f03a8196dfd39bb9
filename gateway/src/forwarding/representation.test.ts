import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/notes', { caller: 'public' })], {
    env: { CORS_ORIGINS: 'https://console.test' },
  });
});
afterAll(() => fleet?.stop());

const text = JSON.stringify({ notes: 'x'.repeat(5_000) });
const origin = 'https://console.test';

it('a coded answer passes as it is, with its tag, and varies by coding and origin', async () => {
  const coded = brotliCompressSync(text);
  fleet.storage.handle = (_, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-encoding': 'br',
      'content-length': coded.length,
      etag: '"0a1b-br"',
      vary: 'Accept-Encoding',
    });
    response.end(coded);
  };
  const answer = await fleet.get('/api/v1/notes', { 'accept-encoding': 'br', origin });
  expect(await answer.text()).toBe(text);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-encoding': 'br',
    'content-length': String(coded.length),
    etag: '"0a1b-br"',
    vary: 'Accept-Encoding, Origin',
  });
  expect(answer.headers.get('access-control-expose-headers')).toContain('ETag');
  expect(fleet.storage.received.at(-1)?.headers['accept-encoding']).toBe('br');
});

it('a 304 passes with its tag and without a body', async () => {
  fleet.storage.handle = (_, response) =>
    void response.writeHead(304, { etag: '"0a1b"', vary: 'Accept-Encoding' }).end();
  const answer = await fleet.get('/api/v1/notes', { 'if-none-match': '"0a1b"' });
  expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, '"0a1b"', '']);
  expect(fleet.storage.received.at(-1)?.headers['if-none-match']).toBe('"0a1b"');
});

it('a page of another origin may send the conditions', async () => {
  const preflight = await fetch(`${fleet.url}/api/v1/notes`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'if-match',
    },
  });
  const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',');
  expect(allowed).toEqual(expect.arrayContaining(['if-match', 'if-none-match']));
});
