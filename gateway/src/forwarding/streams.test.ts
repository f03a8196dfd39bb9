import { connect, type Socket } from 'node:net';
import { revokeSession } from '@rivergate/caller';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendRaw } from '../testing/raw.ts';
import { type Handler, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

/** Generous: what is tested is whether, not how fast. */
const PATIENCE = { timeout: 30_000 };

let fleet: TestFleet;
let echo: Handler;
/** The service's answers that are open, newest last. */
const open: { write(text: string): void; fail(): void; closed: boolean }[] = [];

beforeAll(async () => {
  const routes = [testRoute('GET', '/api/v1/open', { caller: 'public' }), testRoute('GET', '/api/v1/things')];
  fleet = await startTestFleet(routes, { env: { TRUST_PROXY: 'loopback', CONNECTION_WAIT: '200' } });
  echo = fleet.storage.handle;
});
afterAll(() => fleet.stop());
beforeEach(() => {
  open.length = 0;
  fleet.storage.handle = echo;
});

/** The service begins answers and leaves them open. */
function leaveOpen(type = 'text/csv', headers = {}) {
  fleet.storage.handle = (_, response) => {
    response.writeHead(200, { 'content-type': type, ...headers }).write('begun\n');
    const stream = {
      write: (text: string) => void response.write(text),
      fail: () => response.destroy(),
      closed: false,
    };
    open.push(stream);
    response.once('close', () => {
      stream.closed = true;
    });
  };
}

/** A client of the public endpoint. */
function client(headers = ''): Socket {
  const { hostname, port } = new URL(fleet.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /api/v1/open HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
  return socket;
}

const begun = (path: string, headers: Record<string, string>) => fleet.get(path, headers);
const gauge = async () => {
  const text = await (await fleet.get('/metrics')).text();
  return Number(/^rivergate_gateway_streams\{[^}]*\} (\d+)$/m.exec(text)?.[1]);
};

describe('answers that stay open', () => {
  it('take no connection from others, however many there are', async () => {
    leaveOpen();
    const clients = Array.from({ length: 300 }, (_, index) =>
      client(`X-Forwarded-For: 203.0.${index % 5}.${index % 100}\r\n`),
    );
    await vi.waitFor(() => expect(open.length).toBe(300), PATIENCE);
    await vi.waitFor(async () => expect(await gauge()).toBe(300), PATIENCE);
    fleet.storage.handle = echo;
    expect((await fleet.get('/api/v1/open', { 'x-forwarded-for': '198.51.100.1' })).status).toBe(200);
    for (const one of clients) one.destroy();
    await vi.waitFor(() => expect(open.every(({ closed }) => closed)).toBe(true), PATIENCE);
    await vi.waitFor(async () => expect(await gauge()).toBe(0), PATIENCE);
  });

  it.each(['text/csv', 'text/event-stream'])('are closed when their session is revoked: %s', async type => {
    leaveOpen(type);
    const [user, other] = [await fleet.signIn(), await fleet.signIn()];
    const answer = await begun('/api/v1/things', user.headers);
    const others = await begun('/api/v1/things', other.headers);
    await revokeSession(fleet.redis, user.sessionId);
    await expect(answer.text()).rejects.toThrow();
    await vi.waitFor(() => expect(open.map(({ closed }) => closed)).toEqual([true, false]), PATIENCE);
    await others.body!.cancel();
  });

  it('are closed too where the service said how long they will be', async () => {
    leaveOpen('application/octet-stream', { 'content-length': String(5_000_000) });
    const user = await fleet.signIn();
    const answer = await begun('/api/v1/things', user.headers);
    await revokeSession(fleet.redis, user.sessionId);
    await expect(answer.text()).rejects.toThrow();
  });
});

describe('an answer that its service breaks off', () => {
  const raw = (version: string) => {
    leaveOpen();
    const answer = sendRaw(fleet.url, `GET /api/v1/open HTTP/${version}\r\nHost: a\r\n\r\n`);
    return vi.waitFor(() => expect(open.length).toBe(1), PATIENCE).then(() => ({ answer }));
  };

  it('lacks its last chunk', async () => {
    const { answer } = await raw('1.1');
    open[0]!.fail();
    const text = await answer;
    expect(text).toMatch(/\r\ntransfer-encoding: chunked\r\n/i);
    expect(text).toMatch(/begun\n\r\n$/);
  });

  it('resets the connection of HTTP/1.0, to which its end would be the end of the answer', async () => {
    const { answer } = await raw('1.0');
    const failed = answer.then(
      () => null,
      (cause: { code: string }) => cause.code,
    );
    // What was sent is there before the reset.
    open[0]!.write('more\n');
    await new Promise(resolve => setImmediate(resolve));
    open[0]!.fail();
    expect(await failed).toBe('ECONNRESET');
  });

  it('many times over closes the service to nobody', async () => {
    for (let index = 0; index < 15; index++) {
      leaveOpen();
      const answer = await fleet.get('/api/v1/open');
      open.at(-1)!.fail();
      await expect(answer.text()).rejects.toThrow();
    }
    fleet.storage.handle = echo;
    expect((await fleet.get('/api/v1/open')).status).toBe(200);
  });
});

it('a client that leaves midway ends the answer of the service', async () => {
  leaveOpen();
  const socket = client();
  await vi.waitFor(() => expect(open.length).toBe(1), PATIENCE);
  socket.destroy();
  await vi.waitFor(() => expect(open[0]!.closed).toBe(true), PATIENCE);
});
