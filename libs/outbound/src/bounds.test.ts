import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboundRequest } from './bounds.ts';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, failureOf, outboundUnderTest } from './testing/outbound-under-test.ts';
import { startWebServer, type WebServer } from './testing/web-server.ts';

let names: NameServer;
beforeAll(async () => {
  names = await startNameServer();
});
afterAll(() => names?.stop());

const fetch = () => outboundUnderTest({ allow: '127.0.0.1', nameServer: names.address });
const url = ({ port }: { port: number }, path = '/') => `http://127.0.0.1:${port}${path}`;

/** A server that is none: what it does with a connection, the test says. */
async function rawServer(serve: (socket: Socket) => void): Promise<{ port: number; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket
      .on('error', () => {})
      .once('close', () => open.delete(socket))
      .resume();
    serve(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open };
}

/** Sends the pieces again and again. */
const dripping = (start: string, piece: string) => (socket: Socket) => {
  socket.write(start);
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once('close', () => clearInterval(timer));
};
const HEAD = 'HTTP/1.1 200 OK\r\n';

describe('the deadline', () => {
  const late = async (given: Promise<unknown>) => {
    const from = performance.now();
    await expectReason(given, 'timeout');
    expect(performance.now() - from).toBeLessThan(5_000);
  };

  it.each([
    ['an answer that does not come', () => {}],
    ['headers that drip', dripping(HEAD, 'a: b\r\n')],
    ['preliminary answers without end', dripping('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['a body that drips', dripping(`${HEAD}content-length: 100000\r\n\r\n`, 'a')],
    ['chunks that drip', dripping(`${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\na\r\n')],
    ['a body that stops', dripping(`${HEAD}content-length: 5\r\n\r\na`, '')],
  ])('ends %s, and the connection with it', async (_what, serve) => {
    const server = await rawServer(serve);
    await late(
      fetch()
        .request(url(server), { deadline: 300 })
        .then(answer => answer.bytes()),
    );
    await eventually(() => server.open.size === 0);
  });

  it('ends a name server that does not answer', async () => {
    names.silence('silent.test');
    await late(fetch().request('https://silent.test/', { deadline: 300 }));
    await late(fetch().check('https://silent.test/', { deadline: 300 }));
  });

  it('ends a TLS handshake that stands still', async () => {
    const server = await rawServer(() => {});
    await late(fetch().request(url(server).replace('http:', 'https:'), { deadline: 300 }));
  });

  it('ends a body that is not taken', async () => {
    const server = await startWebServer((_request, response) => void response.end('a'.repeat(1_000_000)));
    const answer = await fetch().request(url(server), { deadline: 300 });
    await eventually(() => server.sockets.size === 0);
    await expectReason(answer.bytes(), 'timeout');
  });

  it('is one for all redirects', async () => {
    const server = await startWebServer((_request, response) => {
      setTimeout(() => response.writeHead(302, { location: '/' }).end(), 100);
    });
    await late(fetch().request(url(server), { deadline: 350, redirects: 100 }));
    expect(server.requests.length).toBeLessThan(5);
  });

  it('ends a request whose body is not taken', async () => {
    const server = await rawServer(socket => socket.pause());
    const body = Buffer.alloc(50_000_000);
    await late(fetch().request(url(server), { method: 'POST', body, deadline: 300 }));
  });
});

describe('the caller', () => {
  it('may give up before, during and after the head of the answer', async () => {
    const server = await rawServer(dripping(`${HEAD}content-length: 9999\r\n\r\n`, 'a'));
    await expectReason(fetch().request(url(server), { signal: AbortSignal.abort('secret') }), 'aborted');
    const silent = await rawServer(() => {});
    const waiting = new AbortController();
    const asked = expectReason(fetch().request(url(silent), { signal: waiting.signal }), 'aborted');
    await eventually(() => silent.open.size === 1);
    waiting.abort();
    await asked;
    const reading = new AbortController();
    const answer = await fetch().request(url(server), { signal: reading.signal });
    const read = expectReason(answer.bytes(), 'aborted');
    reading.abort();
    await read;
    await eventually(() => server.open.size === 0 && silent.open.size === 0);
  });
});

describe('the size', () => {
  const KIB = 1_024;
  const coded: Record<string, Buffer> = {
    gzip: gzipSync(Buffer.alloc(50_000_000)),
    deflate: deflateSync(Buffer.alloc(50_000_000)),
    br: brotliCompressSync(Buffer.alloc(50_000_000)),
    'gzip, gzip': gzipSync(gzipSync(Buffer.alloc(50_000_000))),
    zstd: Buffer.from('a'),
    constructor: Buffer.from('a'),
  };
  let server: WebServer;
  beforeAll(async () => {
    server = await startWebServer((request, response) => {
      const path = decodeURIComponent(request.url!.slice(1));
      if (coded[path]) response.writeHead(200, { 'content-encoding': path }).end(coded[path]);
      else if (path === 'small')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":"ä"}'));
      else if (path === 'cut')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a'.repeat(99)).subarray(0, 15));
      else if (path === 'false') response.writeHead(200, { 'content-encoding': 'br' }).end('secret');
      else if (path === 'endless') {
        const more = () => response.write('a'.repeat(KIB)) && setImmediate(more);
        response.on('drain', more);
        more();
      } else response.end('a'.repeat(Number(path)));
    });
  });
  const ask = async (path: string, options: OutboundRequest) =>
    (await fetch().request(url(server, `/${encodeURIComponent(path)}`), options)).bytes();

  it('of a body is bounded, to the byte, whether it is told or not', async () => {
    expect((await ask('1000', { maxBytes: 1_000 })).length).toBe(1_000);
    await expectReason(ask('1001', { maxBytes: 1_000 }), 'too_large');
    await expectReason(ask('2000000', {}), 'too_large');
    await expectReason(ask('endless', { maxBytes: 1_000_000 }), 'too_large');
    await eventually(() => server.sockets.size === 0);
  });

  it.each(['gzip', 'deflate', 'br'])(
    'of a body that was packed by %s is that of what it unpacks to',
    async coding => {
      expect(coded[coding]!.length).toBeLessThan(100 * KIB);
      await expectReason(ask(coding, { decompress: true, maxBytes: 100 * KIB }), 'too_large');
      expect(server.requests.at(-1)!.headers['accept-encoding']).toBe('gzip, deflate, br');
    },
  );

  it('of a body is as it came where nobody asked to unpack it', async () => {
    const answer = await fetch().request(url(server, '/gzip'), { maxBytes: 100 * KIB });
    expect(server.requests.at(-1)!.headers['accept-encoding']).toBe('identity');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.bytes()).toEqual(coded.gzip);
  });

  it('cannot be hidden by codings over codings, or by one that was not asked for', async () => {
    for (const coding of ['gzip, gzip', 'zstd', 'constructor'])
      await expectReason(ask(coding, { decompress: true }), 'invalid_answer');
  });

  it('does not stand in the way of what is small', async () => {
    const answer = await fetch().request(url(server, '/small'), { decompress: true, maxBytes: 100 });
    expect(answer.headers.has('content-encoding')).toBe(false);
    expect(await answer.json()).toEqual({ a: 'ä' });
    await expectReason(ask('cut', { decompress: true }), 'invalid_answer');
    await expectReason(ask('false', { decompress: true }), 'invalid_answer');
  });

  it('of headers is bounded', async () => {
    for (const headers of [`a: ${'b'.repeat(20_000)}\r\n`, 'a: b\r\n'.repeat(9_000)]) {
      const long = await rawServer(socket => socket.end(`${HEAD}${headers}content-length: 0\r\n\r\n`));
      await expectReason(fetch().request(url(long)), 'too_large');
    }
  });
});

describe('what comes back', () => {
  const serving = (text: string) => rawServer(socket => socket.once('data', () => socket.end(text)));

  it.each([
    ['no HTTP', 'SSH-2.0-secret\r\n', 'invalid_answer'],
    ['nothing', '', 'broken_off'],
    ['half a body', `${HEAD}content-length: 99\r\n\r\nsecret`, 'broken_off'],
    ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, 'broken_off'],
    ['a status that is none', 'HTTP/1.1 999 Secret\r\ncontent-length: 0\r\n\r\n', 'invalid_answer'],
    ['a broken header', `${HEAD}a: secret\x01\r\ncontent-length: 0\r\n\r\n`, 'invalid_answer'],
    ['no JSON', `${HEAD}content-length: 6\r\n\r\nsecret`, 'invalid_answer'],
    [
      'another protocol',
      'HTTP/1.1 101 Secret\r\nupgrade: secret\r\nconnection: upgrade\r\n\r\n',
      'broken_off',
    ],
  ] as const)('%s is told of without quoting it', async (_what, text, reason) => {
    const server = await serving(text);
    const failure = await failureOf(
      fetch()
        .request(url(server))
        .then(answer => answer.json()),
    );
    expect(failure.reason).toBe(reason);
  });
});

it.each([
  { host: 'inside.test' },
  { 'Transfer-Encoding': 'chunked' },
  { 'content-length': '1' },
  { connection: 'upgrade' },
  { upgrade: 'websocket' },
  { expect: '100-continue' },
  { 'proxy-authorization': 'a' },
  { 'x-a': 'b\r\nhost: inside.test' },
  { 'x-a\r\nb': 'c' },
] as Record<string, string>[])('the header %j is refused', async headers => {
  await expectReason(fetch().request('http://127.0.0.1:9999/', { headers }), 'header_not_allowed');
});
