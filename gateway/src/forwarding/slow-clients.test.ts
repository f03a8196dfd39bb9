import { connect } from 'node:net';
import { type HeldRequest, holdBack } from '@rivergate/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodyOf } from '../testing/raw.ts';
import { type Handler, testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const open = { caller: 'public', timeout: 60_000 } as const;
const routes = [
  testRoute('GET', '/api/v1/open', open),
  testRoute('POST', '/api/v1/open', open),
  testRoute('POST', '/api/v1/files', { ...open, bodyLimit: 50_000_000 }),
  testRoute('GET', '/api/v1/things'),
];

/** Generous: what is tested is whether, not how fast. */
const PATIENCE = { timeout: 30_000 };

let fleet: TestFleet;
let echo: Handler;
const held: HeldRequest[] = [];

/** A request whose last byte does not come, from the given address. */
function hold(
  address: string,
  path = '/api/v1/open',
  body = '{"a":1}',
  headers: Record<string, string> = {},
) {
  const request = holdBack(fleet.url, { path, body, headers: { 'X-Forwarded-For': address, ...headers } });
  held.push(request);
  return request;
}

const from = (address: string) => ({ 'x-forwarded-for': address });
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

async function isServed(address = '198.51.100.1') {
  expect((await fleet.get('/api/v1/open', from(address))).status).toBe(200);
  const posted = await fetch(`${fleet.url}/api/v1/open`, {
    method: 'POST',
    body: '{}',
    headers: from(address),
  });
  expect(posted.status).toBe(200);
}

beforeEach(() => {
  fleet.storage.handle = echo;
  fleet.storage.received.length = 0;
});

afterEach(() => {
  for (const request of held.splice(0)) request.abort();
});

describe('clients that send slowly', () => {
  beforeAll(async () => {
    fleet = await startTestFleet(routes, { env: { TRUST_PROXY: 'loopback' } });
    echo = fleet.storage.handle;
  });
  afterAll(() => fleet.stop());

  it('on 300 connections of one address change nothing for another caller', async () => {
    const answers: string[] = [];
    for (let index = 0; index < 300; index++) hold('203.0.113.1').answer.then(answer => answers.push(answer));
    await vi.waitFor(() => expect(answers.length).toBe(200), PATIENCE);
    expect(new Set(answers.map(statusOf))).toEqual(new Set([429]));
    expect(answers[0]).toMatch(/\r\nRetry-After: 1\r\n/);
    expect(bodyOf(answers[0]!).error?.code).toBe('RATE_LIMITED');
    expect(fleet.storage.received, 'no connection to the service is taken for them').toEqual([]);
    await isServed();
  });

  it('on 300 connections of 300 addresses change nothing for another caller', async () => {
    for (let index = 0; index < 300; index++) hold(`203.0.${index % 3}.${index % 250}`);
    await isServed();
    await isServed();
    expect(fleet.storage.received.map(({ headers }) => headers['x-forwarded-for'])).toEqual(
      Array(4).fill('198.51.100.1'),
    );
  });

  it('of one IPv6 network count as one address', async () => {
    const answers: string[] = [];
    for (let index = 0; index < 101; index++)
      hold(`2001:db8:1:2::${index + 1}`).answer.then(answer => answers.push(answer));
    await vi.waitFor(() => expect(answers.map(statusOf)).toEqual([429]), PATIENCE);
    await isServed('2001:db8:1:3::1');
  });

  it('and upload to where large bodies are passed on leave half of the connections to the others', async () => {
    for (let index = 0; index < 300; index++)
      hold(`203.0.${index % 3}.${index % 250}`, '/api/v1/files', 'x'.repeat(2_000));
    await vi.waitFor(() => expect(fleet.storage.received.length).toBe(128), PATIENCE);
    await isServed();
  });

  it('and leave, many times over, keep nobody from the service', async () => {
    for (let index = 0; index < 30; index++) {
      const request = hold('203.0.113.1', index % 2 ? '/api/v1/files' : '/api/v1/open', 'x'.repeat(100));
      request.abort();
      await request.answer;
    }
    await isServed();
  });
});

describe('clients that send too slowly', () => {
  beforeAll(async () => {
    const env = {
      TRUST_PROXY: 'loopback',
      BODY_WINDOW: '0.5',
      BODY_MEMORY: '1500',
      CONNECTION_WAIT: '200',
      OPEN_REQUESTS_PER_USER: '3',
    };
    fleet = await startTestFleet(routes, { env });
    echo = fleet.storage.handle;
  });
  afterAll(() => fleet.stop());

  it.each(['/api/v1/open', '/api/v1/files'])('are answered 408: %s', async path => {
    const answer = await hold('203.0.113.1', path, 'x'.repeat(1_000)).answer;
    expect(statusOf(answer)).toBe(408);
    expect(bodyOf(answer).error?.code).toBe('REQUEST_TIMEOUT');
    await isServed();
  });

  it('cannot fill the memory with bodies: 503 for what has no room, and room again when they are gone', async () => {
    hold('203.0.113.1', '/api/v1/open', 'x'.repeat(1_000));
    const second = hold('203.0.113.2', '/api/v1/open', 'x'.repeat(1_000));
    const answer = await second.answer;
    expect(statusOf(answer)).toBe(503);
    expect(answer).toMatch(/\r\nRetry-After: 1\r\n/);
    for (const request of held.splice(0)) request.abort();
    await vi.waitFor(() => isServed(), PATIENCE);
  });

  it('have so many requests open as a user, whatever their addresses', async () => {
    const user = await fleet.signIn();
    const release = Promise.withResolvers<void>();
    fleet.storage.handle = (request, response, received) =>
      void release.promise.then(() => echo(request, response, received));
    const get = (address: number) =>
      fleet.get('/api/v1/things', { ...user.headers, ...from(`203.0.113.${address}`) });
    const first = [1, 2, 3].map(get);
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(3), PATIENCE);
    const refused = await get(4);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    release.resolve();
    for (const answer of await Promise.all(first)) expect(answer.status).toBe(200);
    await vi.waitFor(async () => expect((await get(5)).status).toBe(200), PATIENCE);
  });
});

describe('clients that do not take their answers', () => {
  beforeAll(async () => {
    fleet = await startTestFleet(routes, { env: { TRUST_PROXY: 'loopback', ANSWER_WINDOW: '0.5' } });
    echo = fleet.storage.handle;
  });
  afterAll(() => fleet.stop());

  it('lose them, and give the connections to the service back', async () => {
    const large = Buffer.alloc(20_000_000);
    let broken = 0;
    fleet.storage.handle = (_, response) => {
      response.once('close', () => {
        if (!response.writableFinished) broken += 1;
      });
      response.end(large);
    };
    const { hostname, port } = new URL(fleet.url);
    const sockets = Array.from({ length: 12 }, () => {
      const socket = connect(Number(port), hostname).on('error', () => {});
      socket.write('GET /api/v1/open HTTP/1.1\r\nHost: a\r\n\r\n');
      return socket;
    });
    await vi.waitFor(() => expect(broken).toBe(12), PATIENCE);
    fleet.storage.handle = echo;
    await isServed();
    for (const socket of sockets) socket.destroy();
  });
});

describe('a service whose connections are all taken', () => {
  beforeAll(async () => {
    fleet = await startTestFleet(routes, { env: { TRUST_PROXY: 'loopback', CONNECTION_WAIT: '1500' } });
    echo = fleet.storage.handle;
  });
  afterAll(() => fleet.stop());

  it('is waited for a while: 503, and 200 for whom a connection comes free in time', async () => {
    const release = Promise.withResolvers<void>();
    fleet.storage.handle = (request, response, received) =>
      void release.promise.then(() => echo(request, response, received));
    const taken = Array.from({ length: 256 }, (_, index) =>
      fleet.get('/api/v1/open', from(`203.0.${index % 3}.${index % 250}`)),
    );
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(256), PATIENCE);
    const refused = await fleet.get('/api/v1/open', from('198.51.100.1'));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ error: { code: 'UPSTREAM_UNAVAILABLE' } });
    const waiting = fleet.get('/api/v1/open', from('198.51.100.1'));
    release.resolve();
    expect((await waiting).status).toBe(200);
    for (const answer of await Promise.all(taken)) expect(answer.status).toBe(200);
    await isServed();
  });
});
