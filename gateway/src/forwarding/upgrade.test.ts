import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { revokeSession } from '@rivergate/caller';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodyOf, sendRaw } from '../testing/raw.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

/** Generous: what is tested is whether, not how fast. */
const PATIENCE = { timeout: 30_000 };

let fleet: TestFleet;
/** The service's side of the newest handshake. */
let upstream: Duplex;
/** Its side of the handshakes that it did not answer. */
const abandoned: Duplex[] = [];

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/live', { upgrade: 'websocket' }),
    testRoute('GET', '/api/v1/dead', { upgrade: 'websocket' }),
    testRoute('GET', '/api/v1/hanging', { upgrade: 'websocket', timeout: 50_000 }),
    testRoute('GET', '/api/v1/hanging/briefly', { upgrade: 'websocket', timeout: 300 }),
    testRoute('GET', '/api/v1/things'),
  ]);
  fleet.storage.upgrade = (request, socket, head) => {
    upstream = socket.on('error', () => {}).on('end', () => socket.end());
    if (request.url?.startsWith('/api/v1/hanging')) {
      abandoned.push(socket.resume());
      return;
    }
    if (request.url?.startsWith('/api/v1/dead')) {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nX-Internal-Node: 7\r\nConnection: close\r\n\r\nnope',
      );
      return;
    }
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Server: internal',
    ];
    socket.write(`${lines.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.write(`welcome ${head}`);
    socket.on('data', chunk => socket.write(`echo ${chunk}`));
  };
});

afterAll(() => fleet.stop());

function handshake(path: string, more: Record<string, string> = {}): string {
  const headers = {
    Host: 'gateway.test',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function open(bytes: string): Socket {
  const { hostname, port } = new URL(fleet.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  socket.write(bytes);
  return socket;
}

beforeEach(() => {
  fleet.storage.received.length = 0;
});

describe('a handshake that comes to nothing', () => {
  it('because the client leaves, twenty times over, keeps nobody from the service', async () => {
    const user = await fleet.signIn();
    const bytes = handshake('/api/v1/hanging', { Authorization: `Bearer ${user.token}` });
    const sockets = Array.from({ length: 20 }, () => open(bytes));
    await vi.waitFor(() => expect(abandoned).toHaveLength(20), PATIENCE);
    const noticed = abandoned.map(socket => new Promise(resolve => socket.once('close', resolve)));
    for (const socket of sockets) socket.destroy();
    await Promise.all(noticed);
    for (let index = 0; index < 5; index++)
      expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(200);
  });

  it('because the service does not answer it: 504, and the rest of the service is there for all', async () => {
    const user = await fleet.signIn();
    const bytes = handshake('/api/v1/hanging/briefly', { Authorization: `Bearer ${user.token}` });
    const answers = await Promise.all(Array.from({ length: 15 }, () => sendRaw(fleet.url, bytes)));
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 504 /);
      expect(bodyOf(answer).error?.code).toBe('UPSTREAM_TIMEOUT');
    }
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(200);
  });

  it('because the endpoint declares none: 400 from the gateway, and the service is not touched', async () => {
    const user = await fleet.signIn();
    const bytes = handshake('/api/v1/things', { Authorization: `Bearer ${user.token}` });
    const answer = await sendRaw(fleet.url, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(answer).error?.code).toBe('MALFORMED_REQUEST');
    expect(fleet.storage.received).toEqual([]);
  });

  it('because it has a body: 400, and the service is not touched', async () => {
    const user = await fleet.signIn();
    const authorization = { Authorization: `Bearer ${user.token}` };
    const framings: Record<string, string>[] = [
      { 'Content-Length': '10' },
      { 'Transfer-Encoding': 'chunked' },
    ];
    for (const framing of framings) {
      const answer = await sendRaw(fleet.url, handshake('/api/v1/live', { ...authorization, ...framing }));
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(fleet.storage.received).toEqual([]);
  });

  it('because the service is away: 503', async () => {
    const user = await fleet.signIn();
    const before = fleet.storage.upgrade;
    fleet.storage.upgrade = (_, socket) => void socket.destroy();
    const bytes = handshake('/api/v1/live', { Authorization: `Bearer ${user.token}` });
    const answer = await sendRaw(fleet.url, bytes);
    fleet.storage.upgrade = before;
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(bodyOf(answer).error?.code).toBe('UPSTREAM_UNAVAILABLE');
  });
});

describe('a WebSocket', () => {
  it('ends on both sides when either side ends', async () => {
    const user = await fleet.signIn();
    const bytes = handshake('/api/v1/live', { Authorization: `Bearer ${user.token}` });
    const endings: ((client: Socket) => unknown)[] = [
      client => client.destroy(),
      () => upstream.destroy(),
      client => client.end(),
    ];
    for (const end of endings) {
      const client = open(bytes);
      await new Promise(resolve => client.once('data', resolve));
      const ended = [client, upstream].map(socket => new Promise(resolve => socket.once('close', resolve)));
      end(client);
      await Promise.all(ended);
    }
  });

  it('passes through, both ways, for a caller that the service learns of', async () => {
    const user = await fleet.signIn();
    fleet.storage.received.length = 0;
    const bytes = `${handshake('/api/v1/live?room=1', { Authorization: `Bearer ${user.token}`, 'X-Org-ID': '1' })}hello`;
    const answer = await sendRaw(fleet.url, bytes, /echo|hello/);
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(answer).toMatch(/sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
    expect(answer).not.toContain('Server: internal');
    expect(answer).toContain('hello');
    const received = fleet.storage.received[0]!;
    expect(received.url).toBe('/api/v1/live?room=1');
    expect(received.principal).toMatchObject({ userId: user.userId });
    expect(received.headers).not.toHaveProperty('authorization');
    expect(received.headers).not.toHaveProperty('x-org-id');
  });

  it('is refused without a token as any request is, and where there is no such route', async () => {
    const refused = await sendRaw(fleet.url, handshake('/api/v1/live'));
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
    expect(bodyOf(refused).error?.code).toBe('UNAUTHORIZED');
    expect(await sendRaw(fleet.url, handshake('/internal/manifest'))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await sendRaw(fleet.url, handshake('/api/v1/%2e%2e/live'))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is closed within a second when its session is revoked', async () => {
    const user = await fleet.signIn();
    const { hostname, port } = new URL(fleet.url);
    const socket = connect(Number(port), hostname);
    socket.write(handshake('/api/v1/live', { Authorization: `Bearer ${user.token}` }));
    await new Promise(resolve => socket.once('data', resolve));
    const closed = new Promise(resolve => socket.once('close', resolve));
    const began = performance.now();
    await revokeSession(fleet.redis, user.sessionId);
    await closed;
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('that the service refuses is answered with what the service said, cleaned', async () => {
    const user = await fleet.signIn();
    const answer = await sendRaw(
      fleet.url,
      handshake('/api/v1/dead', { Authorization: `Bearer ${user.token}` }),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toMatch(/nope$/);
    expect(answer.toLowerCase()).not.toContain('x-internal-node');
  });
});
