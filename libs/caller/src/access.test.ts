import { randomInt } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fillMembership,
  fillSession,
  fillToken,
  organizationGeneration,
  projectAccess,
  readAccess,
  revokeSession,
} from './index.ts';
import { fillUp, startPrivateRedis, startTestRedis, type TestRedis } from './test-redis.ts';

let server: TestRedis;
let redis: Redis;
/** Of this file alone, so that it may be filled up. */
let ownServer: TestRedis;
let own: Redis;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
  await redis.ping();
  ownServer = await startPrivateRedis();
  own = new Redis(ownServer.url);
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  own.disconnect();
  await ownServer.stop();
});

const someId = () => randomInt(1, 2 ** 40);
const membership = {
  member: true,
  isAdmin: false,
  permissions: ['workspace.read'],
  workspaces: [],
  plan: 'enterprise',
};

async function memberOf(organizationId: number, userId: number) {
  const generation = await organizationGeneration(redis, organizationId);
  await fillMembership(redis, { organizationId, userId, generation, membership });
}

describe('the access state', () => {
  it('is unknown until an owner was asked', async () => {
    const access = await readAccess(redis, {
      sessionId: someId(),
      members: [{ organizationId: someId(), userId: 1 }],
    });
    expect(access.session).toEqual({ state: 'unknown', seen: '' });
    expect(access.memberships).toEqual([{ generation: null, membership: null }]);
  });

  it('is read for the session and every organization asked for', async () => {
    const [sessionId, userId, one, other] = [someId(), someId(), someId(), someId()];
    await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: true, mustEnrol: true });
    await memberOf(one, userId);
    const access = await readAccess(redis, {
      sessionId,
      members: [
        { organizationId: one, userId },
        { organizationId: other, userId },
      ],
    });
    expect(access.session).toEqual({
      deviceTrusted: false,
      state: 'active',
      userId,
      isSystemAdmin: true,
      mustEnrol: true,
    });
    expect(access.memberships.map(known => known.membership)).toEqual([membership, null]);
  });

  it('keeps a revocation against a late answer that the session is active', async () => {
    const [sessionId, userId] = [someId(), someId()];
    await revokeSession(redis, sessionId);
    await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
    const access = await readAccess(redis, { sessionId, members: [] });
    expect(access.session).toEqual({ state: 'revoked' });
  });

  it('is asked anew of a session that has changed, and knows that one has ended until then', async () => {
    const [sessionId, userId] = [someId(), someId()];
    const known = async () => (await readAccess(redis, { sessionId, members: [] })).session;
    await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: true });
    await projectAccess(redis, { type: 'identity.session.changed', data: { session_id: sessionId } });
    const changed = await known();
    expect(changed).toEqual({ state: 'unknown', seen: expect.stringMatching(/^changed /) });
    // An answer to a question of before comes late.
    const late = { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: true };
    await fillSession(redis, '', late);
    expect(await known()).toEqual(changed);
    const { seen } = changed as { seen: string };
    await fillSession(redis, seen, { ...late, mustEnrol: false });
    expect(await known()).toMatchObject({ mustEnrol: false });
  });

  it('does not count a membership that was asked for before the organization changed', async () => {
    const [userId, organizationId] = [someId(), someId()];
    const generation = await organizationGeneration(redis, organizationId);
    await projectAccess(redis, {
      type: 'organization.member.removed',
      organizationid: String(organizationId),
    });
    await fillMembership(redis, { organizationId, userId, generation, membership });
    const access = await readAccess(redis, { sessionId: 1, members: [{ organizationId, userId }] });
    expect(access.memberships[0]?.membership).toBeNull();
  });

  it('does not count a membership of which a role has ended meanwhile', async () => {
    const [userId, organizationId] = [someId(), someId()];
    const generation = await organizationGeneration(redis, organizationId);
    const known = async (until: number) => {
      await fillMembership(redis, {
        organizationId,
        userId,
        generation,
        membership: { ...membership, until },
      });
      const access = await readAccess(redis, { sessionId: 1, members: [{ organizationId, userId }] });
      return access.memberships[0]?.membership;
    };
    expect(await known(Date.now() + 60_000)).toMatchObject(membership);
    expect(await known(Date.now() - 1)).toBeNull();
  });

  it('does not revive old memberships when Redis has lost the generation', async () => {
    const [userId, organizationId] = [someId(), someId()];
    await memberOf(organizationId, userId);
    await redis.del(`access:{organization:${organizationId}}:generation`);
    await organizationGeneration(redis, organizationId);
    const access = await readAccess(redis, { sessionId: 1, members: [{ organizationId, userId }] });
    expect(access.memberships[0]?.membership).toBeNull();
  });
});

describe('tokens that are withdrawn together', () => {
  it.each([
    ['identity.token.batch_revoked', 'revoked'],
    ['identity.token.batch_changed', 'unknown'],
  ])('%s: each is %s', async (type, state) => {
    const hashes = [1, 2].map(() => String(someId()).padStart(64, '0'));
    const facts = {
      id: 1,
      organizationId: 1,
      bound: true,
      scopes: [],
      clientId: 'app',
      keyThumbprint: null,
      ssoOrganizationId: null,
      createdAt: 0,
      expiresAt: 0,
    };
    for (const hash of hashes)
      await fillToken(redis, hash, '', { state: 'active', userId: null, isSystemAdmin: false, token: facts });
    expect(await projectAccess(redis, { type, data: { token_hashes: hashes } })).toBe(true);
    for (const tokenHash of hashes) {
      const asked = { kind: 'oauth', tokenHash, members: [] } as const;
      expect((await readAccess(redis, asked)).session.state).toBe(state);
    }
    expect(await projectAccess(redis, { type, data: { token_hashes: [1] } })).toBe(false);
  });
});

describe('a Redis that is full', () => {
  it('takes revocations all the same: what was active or a membership is unknown from then on', async () => {
    const [sessionId, userId, organizationId] = [someId(), someId(), someId()];
    await fillSession(own, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
    const generation = await organizationGeneration(own, organizationId);
    await fillMembership(own, { organizationId, userId, generation, membership });
    const giveBack = await fillUp(own);
    await expect(own.set('any', 'thing')).rejects.toThrow('OOM');

    const data = { session_id: sessionId, user_id: userId };
    await projectAccess(own, { type: 'identity.session.revoked', data });
    await projectAccess(own, { type: 'organization.member.removed', organizationid: organizationId });
    const asked = { sessionId, members: [{ organizationId, userId }] };
    const unknown = {
      session: { state: 'unknown' },
      memberships: [{ generation: null, membership: null }],
    };
    expect(await readAccess(own, asked)).toMatchObject(unknown);
    await giveBack();
    expect(await readAccess(own, asked)).toMatchObject(unknown);
  });
});

describe('a Redis that takes no writes at all', () => {
  it('is not believed, because nothing could be withdrawn in it', async () => {
    const [sessionId, userId] = [someId(), someId()];
    await fillSession(own, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
    const asked = { sessionId, members: [] };
    await own.replicaof('127.0.0.1', 1);
    expect(await own.get(`access:{session:${sessionId}}`)).toMatch(/^active/);
    await expect(readAccess(own, asked)).rejects.toThrow('READONLY');
    await own.replicaof('NO', 'ONE');
    expect((await readAccess(own, asked)).session.state).toBe('active');
  });
});

describe('projectAccess', () => {
  it('ends a session', async () => {
    const [sessionId, userId] = [someId(), someId()];
    await fillSession(redis, '', { sessionId, userId, active: true, isSystemAdmin: false, mustEnrol: false });
    const event = { type: 'identity.session.revoked', data: { session_id: sessionId, user_id: userId } };
    expect(await projectAccess(redis, event)).toBe(true);
    const access = await readAccess(redis, { sessionId, members: [] });
    expect(access.session).toEqual({ state: 'revoked' });
  });

  it.each(['organization.member.removed', 'organization.role.changed', 'organization.organization.updated'])(
    'cuts off the memberships of the organization on %s',
    async type => {
      const [userId, organizationId] = [someId(), someId()];
      await memberOf(organizationId, userId);
      expect(await projectAccess(redis, { type, organizationid: organizationId })).toBe(true);
      const access = await readAccess(redis, { sessionId: 1, members: [{ organizationId, userId }] });
      expect(access.memberships[0]?.membership).toBeNull();
    },
  );

  it('leaves everything else alone', async () => {
    expect(await projectAccess(redis, { type: 'identity.user.verified', data: {} })).toBe(false);
    expect(await projectAccess(redis, { type: 'organization.member.added' })).toBe(false);
    expect(await projectAccess(redis, { type: 'identity.session.revoked', data: {} })).toBe(false);
  });
});
