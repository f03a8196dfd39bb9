import { projectAccess, revokeSession } from '@rivergate/caller';
import { fillUp, startPrivateRedis } from '@rivergate/caller/test-redis';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendRaw } from '../testing/raw.ts';
import { json, testRoute } from '../testing/stand-in.ts';
import { someId, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
const giveBack: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things'),
      testRoute('GET', '/api/v1/organizations/{org_id}/things'),
      testRoute('GET', '/api/v1/live', { upgrade: 'websocket' }),
    ],
    { redis: await startPrivateRedis() },
  );
  return () => fleet.stop();
});

afterEach(async () => {
  for (const give of giveBack.splice(0)) await give();
});

const fill = async () => void giveBack.push(await fillUp(fleet.redis));
const status = async (path: string, headers: Record<string, string>) =>
  (await fleet.get(path, headers)).status;

describe('somebody who tries organization ids', () => {
  it('leaves nothing behind in Redis, neither of unknown organizations nor of those of others', async () => {
    const user = await fleet.signIn({ organizationId: null });
    const stranger = await fleet.signIn();
    await status('/api/v1/things', user.headers);
    const before = (await fleet.redis.keys('*')).sort();
    for (const id of [...Array.from({ length: 20 }, someId), stranger.organizationId]) {
      const answer = await fleet.get(`/api/v1/organizations/${id}/things`, user.headers);
      expect(await answer.json()).toMatchObject({
        data: { principal: { isMember: false, permissions: [] } },
      });
    }
    expect((await fleet.redis.keys('*')).sort()).toEqual(before);
  });

  it('and a member is still known from one request to the next', async () => {
    const user = await fleet.signIn();
    const asked: string[] = [];
    const answer = fleet.organization.handle;
    fleet.organization.handle = (request, response, received) => {
      asked.push(received.url);
      answer(request, response, received);
    };
    for (let time = 0; time < 3; time++) expect(await status('/api/v1/things', user.headers)).toBe(200);
    fleet.organization.handle = answer;
    const organization = `/internal/organizations/${user.organizationId}`;
    const member = `${organization}/principals/${user.userId}`;
    // Once to learn that the organization exists, once under its generation.
    expect(asked).toEqual([member, member, `${organization}/access-policy`]);
  });
});

describe('with a Redis that is full', () => {
  it('those who may go on, also when Redis has never heard of them', async () => {
    const known = await fleet.signIn();
    expect(await status('/api/v1/things', known.headers)).toBe(200);
    await fill();
    const fresh = await fleet.signIn();
    for (const { headers } of [known, fresh]) expect(await status('/api/v1/things', headers)).toBe(200);
  });

  it('a session that ends is refused with the next request, and stays so when there is room again', async () => {
    const user = await fleet.signIn();
    expect(await status('/api/v1/things', user.headers)).toBe(200);
    await fill();
    fleet.sessions.get(user.sessionId)!.active = false;
    await revokeSession(fleet.redis, user.sessionId);
    expect(await status('/api/v1/things', user.headers)).toBe(401);
    await giveBack.pop()!();
    expect(await status('/api/v1/things', user.headers)).toBe(401);
  });

  it('a member who is removed is refused with the next request', async () => {
    const user = await fleet.signIn();
    expect(await status('/api/v1/things', user.headers)).toBe(200);
    await fill();
    fleet.members.delete(`${user.organizationId}:${user.userId}`);
    const event = { type: 'organization.member.removed', organizationid: user.organizationId, data: {} };
    await projectAccess(fleet.redis, event);
    expect(await status('/api/v1/things', user.headers)).toBe(401);
  });

  it('what cannot be known is 503, never allowed', async () => {
    const user = await fleet.signIn();
    expect(await status('/api/v1/things', user.headers)).toBe(200);
    await fill();
    await revokeSession(fleet.redis, user.sessionId);
    const answer = fleet.identity.handle;
    fleet.identity.handle = (_, response) => json(response, 500, {});
    expect(await status('/api/v1/things', user.headers)).toBe(503);
    fleet.identity.handle = answer;
  });

  it('a WebSocket is closed when its session ends', async () => {
    const user = await fleet.signIn();
    fleet.storage.upgrade = (_, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    };
    fleet.storage.received.length = 0;
    const lines = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Authorization: ${user.headers.authorization}`);
    const closed = sendRaw(fleet.url, `GET /api/v1/live HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(1));
    await fill();
    fleet.sessions.get(user.sessionId)!.active = false;
    await revokeSession(fleet.redis, user.sessionId);
    expect(await closed).toMatch(/^HTTP\/1.1 101/);
  });
});

describe('with a Redis that takes no writes at all', () => {
  it('sessions and memberships are asked for, and what has ended is refused', async () => {
    const user = await fleet.signIn();
    expect(await status('/api/v1/things', user.headers)).toBe(200);
    await fleet.redis.replicaof('127.0.0.1', 1);
    giveBack.push(() => fleet.redis.replicaof('NO', 'ONE'));
    expect(await status('/api/v1/things', user.headers)).toBe(200);
    fleet.sessions.get(user.sessionId)!.active = false;
    await revokeSession(fleet.redis, user.sessionId).catch(() => {});
    expect(await fleet.redis.get(`access:{session:${user.sessionId}}`)).toMatch(/^active/);
    expect(await status('/api/v1/things', user.headers)).toBe(401);
  });
});
