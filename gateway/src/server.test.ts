import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, sendRaw } from './testing/raw.ts';
import { testRoute } from './testing/stand-in.ts';
import { startTestFleet, type TestFleet } from './testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/open', { caller: 'public' }),
    testRoute('POST', '/api/v1/open', { caller: 'public' }),
  ]);
});

afterAll(() => fleet.stop());

const host = 'Host: gateway.test\r\n';

describe('what is no proper HTTP', () => {
  it.each([
    [
      'two lengths',
      `POST /api/v1/open HTTP/1.1\r\n${host}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    ],
    [
      'a length and a transfer coding',
      `POST /api/v1/open HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a length that is no number', `POST /api/v1/open HTTP/1.1\r\n${host}Content-Length: +4\r\n\r\nabcd`],
    [
      'a coding that hides chunked',
      `POST /api/v1/open HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a space before the colon', `POST /api/v1/open HTTP/1.1\r\n${host}Content-Length : 4\r\n\r\nabcd`],
    ['a folded header', `GET /api/v1/open HTTP/1.1\r\n${host}X-Folded: a\r\n b\r\n\r\n`],
    ['a bare carriage return', `GET /api/v1/open HTTP/1.1\r\n${host}X-Split: a\rX-Org-ID: 1\r\n\r\n`],
    ['a NUL in a header', `GET /api/v1/open HTTP/1.1\r\n${host}X-Nul: a\0b\r\n\r\n`],
    ['an unknown protocol', `GET /api/v1/open HTTX/9\r\n${host}\r\n`],
    ['an unknown method', `BREW /api/v1/open HTTP/1.1\r\n${host}\r\n`],
    ['no Host', 'GET /api/v1/open HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', `GET /api/v1/open HTTP/1.1\r\n${host}Host: elsewhere.test\r\nConnection: close\r\n\r\n`],
    [
      'gzip as transfer coding',
      `POST /api/v1/open HTTP/1.1\r\n${host}Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    ],
  ])('%s: 400 in the documented shape, and nothing reaches a service', async (_, bytes) => {
    fleet.storage.received.length = 0;
    const answer = await sendRaw(fleet.url, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/\r\nX-Request-Id: [\w-]{36}\r\n/);
    expect(bodyOf(answer)).toMatchObject({ success: false, error: { code: 'MALFORMED_REQUEST' } });
    expect(fleet.storage.received).toEqual([]);
  });

  it('too large headers: 431', async () => {
    const answer = await sendRaw(
      fleet.url,
      `GET /api/v1/open HTTP/1.1\r\n${host}X-Large: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(bodyOf(answer).error?.code).toBe('REQUEST_HEADERS_TOO_LARGE');
  });

  it('an expectation that nobody knows: 417', async () => {
    const answer = await sendRaw(fleet.url, `GET /api/v1/open HTTP/1.1\r\n${host}Expect: a-miracle\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 417 /);
    expect(bodyOf(answer).error?.code).toBe('EXPECTATION_FAILED');
  });

  it('CONNECT: 405', async () => {
    expect(await sendRaw(fleet.url, `CONNECT example.test:443 HTTP/1.1\r\n${host}\r\n`)).toMatch(
      /^HTTP\/1\.1 405 /,
    );
  });
});

describe('a path that hides another', () => {
  it.each([
    '/api/v1/open/../../../internal/manifest',
    '/api/v1/%2e%2e/%2e%2e/internal/manifest',
    '/api/v1/open%2f..%2f..',
    '//internal/manifest',
    '/api/v1/open%00',
    '/api/v1/open%0d%0aX-Org-ID:%201',
    '/api/v1/%c0%ae%c0%ae/internal/manifest',
    '/api/v1\\open',
  ])('%s: 400, and nothing reaches a service', async path => {
    fleet.storage.received.length = 0;
    const answer = await sendRaw(fleet.url, `GET ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(fleet.storage.received).toEqual([]);
  });
});

describe('an upgrade that is not offered', () => {
  it('is answered as if it had not been asked for (h2c)', async () => {
    const bytes = `GET /api/v1/open HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n`;
    const answer = await sendRaw(fleet.url, bytes, /\r\n0\r\n\r\n$/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain('http2-settings');
  });
});

describe('two requests on one connection', () => {
  it('are each answered, in order, also when the first was refused', async () => {
    const first = `GET /api/v1/nothing HTTP/1.1\r\n${host}\r\n`;
    const second = `GET /api/v1/open HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const answer = await sendRaw(fleet.url, first + second);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('cannot hide a request in the body of one that was refused', async () => {
    const smuggled = `GET /api/v1/open HTTP/1.1\r\n${host}\r\n`;
    const bytes = `POST /api/v1/nothing HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    const answer = await sendRaw(
      fleet.url,
      `${bytes}GET /api/v1/open HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).not.toContain('HTTP/1.1 500');
    expect(answer.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThanOrEqual(1);
  });
});
