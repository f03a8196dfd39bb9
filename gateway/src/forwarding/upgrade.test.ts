import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { revokeSession } from '@rivergate/caller';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, sendRaw } from '../testing/raw.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/live'), testRoute('GET', '/api/v1/dead')]);
  fleet.storage.upgrade = (request, socket, head) => {
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
    socket.on('data', chunk => socket.write(`echo ${chunk}`)).on('error', () => {});
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

describe('a WebSocket', () => {
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
