import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { content, endpoints, page, redirect, reply, stream } from '@rivergate/endpoint';
import { defineService } from '@rivergate/service';
import { eventually, expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AcceptanceFleet, startFleet } from './fleet.ts';

const endpoint = endpoints();
const open = { caller: 'public' } as const;
const cookies = { session: { sameSite: 'lax', maxAge: 60 }, theme: { sameSite: 'strict' } } as const;

const enter = endpoint(
  {
    ...open,
    operation: 'enter',
    method: 'post',
    path: '/enter',
    summary: 'Enter',
    body: z.object({ to: z.string(), session: z.string().nullable() }),
    redirects: { status: 303, to: ['https://partner.example'] },
    cookies,
    idempotency: false,
  },
  async ({ body }) => redirect(body.to, { cookies: { session: body.session } }),
);
const home = endpoint(
  {
    ...open,
    operation: 'showHome',
    method: 'get',
    path: '/home',
    summary: 'A page',
    content: { 'text/html': 'text' },
    cookies,
  },
  async ({ cookies }) => {
    const script = 'document.title = "run"';
    const html = `<!doctype html><title>Home</title><p>${JSON.stringify(cookies)}</p><script>${script}</script>`;
    return page(html.padEnd(5_000), { scripts: [script], formTargets: ['https://partner.example'] });
  },
);
const bare = endpoint(
  {
    ...open,
    operation: 'getBare',
    method: 'get',
    path: '/bare',
    summary: 'Bare',
    answer: z.object({ id: z.string() }),
    bare: 'application/scim+json',
  },
  async () => ({ id: '1' }),
);
const token = endpoint(
  {
    ...open,
    operation: 'getToken',
    method: 'get',
    path: '/token',
    summary: 'A token',
    content: { 'application/jwt': 'text' },
  },
  async () => content('application/jwt', 'a.b.c'),
);
const sly = endpoint(
  {
    ...open,
    operation: 'beSly',
    method: 'get',
    path: '/sly',
    summary: 'Says what it has not declared',
    answer: z.object({}),
  },
  async () => reply({}, { headers: { 'set-cookie': '__Host-other=1; Path=/; Secure', vary: '*' } }),
);

const BYTES = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
const CHANGED = new Date('2026-01-01T00:00:00.500Z');
const reads: [number, number][] = [];
const picture = endpoint(
  {
    ...open,
    operation: 'getBytes',
    method: 'get',
    path: '/bytes/:kind',
    summary: 'Bytes',
    params: z.object({ kind: z.enum(['buffer', 'source', 'liar', 'empty']) }),
    content: { 'application/octet-stream': 'binary' },
  },
  async ({ params }) => {
    const type = 'application/octet-stream';
    const options = { lastModified: CHANGED };
    if (params.kind === 'empty') return content(type, Buffer.alloc(0));
    if (params.kind === 'buffer') return content(type, BYTES, options);
    const length = params.kind === 'liar' ? 1_001 : 1_000;
    return content(
      type,
      {
        length,
        tag: 'version-1',
        async *read(from, to) {
          reads.push([from, to]);
          for (let at = from; at < to; at += 300) yield BYTES.subarray(at, Math.min(to, at + 300));
        },
      },
      options,
    );
  },
);

/** What became of the producers. */
const made = { pieces: 0, ended: 0 };
const produced = endpoint(
  {
    ...open,
    operation: 'produceText',
    method: 'get',
    path: '/produced/:kind',
    summary: 'Text that is made while it is sent',
    params: z.object({ kind: z.enum(['short', 'endless', 'failing', 'failing-first', 'slow']) }),
    streams: { 'text/plain': 'text' },
  },
  async ({ params: { kind } }) =>
    stream('text/plain; charset=utf-8', async function* ({ signal }) {
      try {
        if (kind === 'failing-first') throw new Error('Failed before the first piece');
        for (let piece = 0; kind !== 'short' || piece < 3; piece++) {
          if (kind === 'failing' && piece === 2) throw new Error('Failed midway');
          made.pieces += 1;
          yield `piece ${piece}\n`.padEnd(kind === 'endless' ? 50_000 : 10, '.');
          if (kind === 'slow')
            await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
        }
      } finally {
        made.ended += 1;
      }
    }),
);
const policy = defineService({
  name: 'policy',
  modules: [{ tag: 'Things', endpoints: [enter, home, bare, token, sly, picture, produced] }],
});

let fleet: AcceptanceFleet;
beforeAll(async () => {
  fleet = await startFleet({ instead: [policy], env: { ANSWER_WINDOW: '1' } });
});
afterAll(() => fleet?.stop());

type Got = { status: number; headers: IncomingHttpHeaders; body: Buffer; whole: boolean };
/** As a client that decodes nothing and may send whatever it likes. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise(resolve => {
    const asking = httpRequest(`${fleet.url}/api/v1${path}`, { method, headers, agent: false }, answer => {
      const chunks: Buffer[] = [];
      const end = (whole: boolean) =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks), whole });
      answer
        .on('data', chunk => chunks.push(chunk))
        .on('end', () => end(true))
        .on('error', () => end(false));
    });
    // Broken off so early that there was no head.
    const broken = { status: 0, headers: {}, body: Buffer.alloc(0), whole: false };
    asking.on('error', () => resolve(broken)).end();
  });
}

describe('a redirect', () => {
  const post = (to: string, session: string | null = 'a', headers = {}) =>
    fleet.caller().post('/api/v1/enter', { to, session }, { headers });

  it('leads to this platform, or to an origin that is declared, by an absolute address', async () => {
    for (const [to, location] of [
      ['/home?a=b#c', `${fleet.url}/home?a=b#c`],
      [`${fleet.url}/home`, `${fleet.url}/home`],
      ['https://partner.example/x', 'https://partner.example/x'],
      ['/.//elsewhere.example', `${fleet.url}//elsewhere.example`],
    ]) {
      const answer = await post(to!);
      expect([answer.status, answer.headers.get('location'), answer.text], to).toEqual([303, location, '']);
    }
  });

  it.each([
    'https://elsewhere.example/',
    'https://partner.example.elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '\\\\elsewhere.example',
    'https:elsewhere.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://user@partner.example/',
    '/x\r\nSet-Cookie: a=b',
    '/\t/elsewhere.example',
    '',
  ])('leads nowhere else: %j', async to => {
    const answer = await post(to);
    expectError(answer, 500, 'INTERNAL_ERROR');
    expect(answer.headers.get('location')).toBeNull();
  });
});

describe('cookies', () => {
  const post = (session: string | null, headers: Record<string, string> = {}) =>
    fleet.caller().post('/api/v1/enter', { to: '/home', session }, { headers });
  const shown = async (cookie: string) =>
    JSON.parse(/<p>(.*)<\/p>/.exec((await get('/home', { cookie })).body.toString())![1]!);

  it('are of this host alone and out of reach of scripts, whatever they hold', async () => {
    const value = 'a; Domain=elsewhere.example\r\nSet-Cookie: x=y, \u00e4"';
    const set = (await post(value)).headers.getSetCookie();
    expect(set).toHaveLength(1);
    const [pair, ...attributes] = set[0]!.split('; ');
    expect(attributes.map(one => one.toLowerCase()).sort()).toEqual([
      'httponly',
      'max-age=60',
      'path=/',
      'samesite=lax',
      'secure',
    ]);
    expect(pair).toMatch(/^__Host-session=[!-~]+$/);
    expect(await shown(pair!)).toEqual({ session: value });
    expect((await post(null)).headers.getSetCookie()[0]).toMatch(/^__Host-session=; Max-Age=0;/);
  });

  it('pass only where they are declared, in both directions', async () => {
    const cookie = 'tracking=1; __Host-session=a; session=b; __Host-theme=c; __Host-other=d';
    expect(await shown(cookie)).toEqual({ session: 'a', theme: 'c' });
    expect(await shown('__host-session=a; xx__Host-session=b')).toEqual({});
    const answer = await get('/sly', { cookie });
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('let no other site make a change, and fail closed where a browser does not say who asks', async () => {
    const cookie = '__Host-session=a';
    const own = { origin: new URL(fleet.url).origin };
    const refused: Record<string, string>[] = [
      { cookie },
      { cookie, origin: 'https://elsewhere.example' },
      { cookie, origin: 'null' },
      { origin: 'https://elsewhere.example' },
      { cookie, ...own, 'sec-fetch-site': 'cross-site' },
      { cookie, ...own, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of refused) {
      expectError(await post('b', headers), 403, 'CROSS_SITE_REQUEST');
    }
    const allowed: Record<string, string>[] = [
      {},
      { cookie, ...own },
      { cookie, 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of allowed) expect((await post('b', headers)).status).toBe(303);
  });
});

describe('a page', () => {
  it('runs and loads nothing but what is named, and is not coded beside a cookie', async () => {
    const { headers } = await get('/home', { 'accept-encoding': 'br, gzip' });
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'none'; script-src 'sha256-[^']{44}'; form-action 'self' https:\/\/partner\.example; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

it('JSON and other content has the media type that is declared', async () => {
  const scim = await get('/bare');
  expect([scim.headers['content-type'], scim.body.toString()]).toEqual([
    'application/scim+json',
    '{"id":"1"}',
  ]);
  const jwt = await get('/token');
  expect([jwt.headers['content-type'], jwt.body.toString()]).toEqual(['application/jwt', 'a.b.c']);
});

describe.each(['buffer', 'source'])('bytes from a %s', kind => {
  const path = `/bytes/${kind}`;
  const etagOf = async () => String((await get(path)).headers.etag);

  it('are answered whole, with validators, and the same head for HEAD', async () => {
    const { status, headers, body } = await get(path);
    expect([status, headers['accept-ranges'], headers['content-length']]).toEqual([200, 'bytes', '1000']);
    expect(headers['last-modified']).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
    expect(headers.etag).toMatch(/^"[\w-]+"$/);
    expect(body).toEqual(BYTES);
    reads.length = 0;
    const head = await get(path, { range: 'bytes=0-9' }, 'HEAD');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '1000', 0]);
    expect(reads).toEqual([]);
  });

  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=990-', 990, 1_000],
    ['bytes=-10', 990, 1_000],
    ['bytes=-5000', 0, 1_000],
    ['bytes=5-5000', 5, 1_000],
    ['bytes=0-0', 0, 1],
  ])('are answered in part: %s', async (range, from, to) => {
    reads.length = 0;
    const { status, headers, body } = await get(path, { range });
    expect([status, headers['content-range']]).toEqual([206, `bytes ${from}-${to - 1}/1000`]);
    expect(headers['content-length']).toBe(String(to - from));
    expect(body).toEqual(BYTES.subarray(from, to));
    if (kind === 'source') expect(reads).toEqual([[from, to]]);
  });

  it.each([
    'bytes=0-9,500-509',
    'bytes=0-9,5-20',
    'lines=0-9',
    'bytes=9-0',
    'bytes=',
    'bytes=a-b',
    'nonsense',
    `bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-`).join(',')}`,
  ])('are answered whole where no one part is asked for: %s', async range => {
    const { status, body } = await get(path, { range });
    expect([status, body.length]).toEqual([200, 1_000]);
  });

  it('416 for a part after the end', async () => {
    for (const range of ['bytes=1000-', 'bytes=1000-2000', 'bytes=-0']) {
      const { status, headers, body } = await get(path, { range });
      expect([status, headers['content-range']], range).toEqual([416, 'bytes */1000']);
      expect(JSON.parse(body.toString()).error.code).toBe('RANGE_NOT_SATISFIABLE');
    }
  });

  it('are answered in part only to whom has the rest of the same (If-Range)', async () => {
    const range = 'bytes=0-9';
    const tag = await etagOf();
    const statusFor = async (ifRange: string) => (await get(path, { range, 'if-range': ifRange })).status;
    expect(await statusFor(tag)).toBe(206);
    expect(await statusFor('Thu, 01 Jan 2026 00:00:00 GMT')).toBe(206);
    for (const other of [`W/${tag}`, '"other"', 'Thu, 01 Jan 2026 00:00:01 GMT', 'nonsense', '*'])
      expect(await statusFor(other), other).toBe(200);
  });

  it('304 for who has them, before any part of them', async () => {
    const tag = await etagOf();
    const statusFor = async (headers: Record<string, string>) => (await get(path, headers)).status;
    expect(await statusFor({ 'if-none-match': tag, range: 'bytes=0-9' })).toBe(304);
    expect(await statusFor({ 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' })).toBe(304);
    expect(await statusFor({ 'if-modified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' })).toBe(200);
    expect(
      await statusFor({ 'if-none-match': '"other"', 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }),
    ).toBe(200);
  });
});

it('a source that gives less than it announced breaks off; of nothing there is no part', async () => {
  expect((await get('/bytes/liar')).whole).toBe(false);
  expect((await get('/bytes/empty')).status).toBe(200);
  expect((await get('/bytes/empty', { range: 'bytes=0-' })).status).toBe(416);
});

describe('a stream', () => {
  it.each(['identity', 'gzip', 'br'])('ends whole, coded as its client accepts: %s', async coding => {
    const { headers, whole } = await get('/produced/short', { 'accept-encoding': coding });
    expect(headers['content-encoding']).toBe(coding === 'identity' ? undefined : coding);
    expect([headers.vary, headers.etag, whole]).toEqual(['Accept-Encoding, Origin', undefined, true]);
    const answer = await fetch(`${fleet.url}/api/v1/produced/short`, {
      headers: { 'accept-encoding': coding },
    });
    expect(await answer.text()).toBe('piece 0\n..piece 1\n..piece 2\n..');
  });

  it.each(['identity', 'gzip', 'br'])('that fails midway looks failed: %s', async coding => {
    expect((await get('/produced/failing', { 'accept-encoding': coding })).whole).toBe(false);
  });

  it('that fails before its first piece is answered as a failure', async () => {
    const { status, body } = await get('/produced/failing-first');
    expect([status, JSON.parse(body.toString()).error.code]).toEqual([500, 'INTERNAL_ERROR']);
  });

  it('brings what there is while the next piece is made, also coded', async () => {
    Object.assign(made, { pieces: 0, ended: 0 });
    for (const coding of ['identity', 'gzip', 'br']) {
      const leaving = new AbortController();
      const answer = await fetch(`${fleet.url}/api/v1/produced/slow`, {
        headers: { 'accept-encoding': coding },
        signal: leaving.signal,
      });
      const { value } = await answer.body!.getReader().read();
      expect(new TextDecoder().decode(value)).toBe('piece 0\n..');
      leaving.abort();
    }
    await eventually(() => made.ended === 3);
  });

  it('waits for a client that does not read, loses it in the end, and its producer ends', async () => {
    Object.assign(made, { pieces: 0, ended: 0 });
    const { hostname, port } = new URL(fleet.url);
    const client = connect(Number(port), hostname).pause();
    client.on('error', () => {});
    client.write('GET /api/v1/produced/endless HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => made.ended === 1);
    // What fits into the buffers of the sockets on the way, and no more.
    expect(made.pieces).toBeLessThan(1_000);
    client.destroy();
  });

  it('is not begun for HEAD', async () => {
    Object.assign(made, { pieces: 0, ended: 0 });
    const { status, body } = await get('/produced/endless', {}, 'HEAD');
    expect([status, body.length, made.pieces]).toEqual([200, 0, 0]);
  });
});
