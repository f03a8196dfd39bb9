import { projectAccess } from '@rivergate/caller';
import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { someId, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([
    testRoute('GET', '/api/v1/things'),
    testRoute('GET', '/api/v1/organizations/{org_id}/things'),
    testRoute('GET', '/api/v1/workspaces/{workspace_id}/things', { workspace: 'params.workspace_id' }),
    testRoute('GET', '/api/v1/things-of-workspaces', { workspace: 'every' }),
  ]);
});

afterAll(() => fleet.stop());

async function principalAt(path: string, headers: Record<string, string>) {
  const answer = await fleet.get(path, headers);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: { principal: Record<string, unknown> } }).data.principal;
}

describe('the principal', () => {
  it('says that a second factor has to be set up first, until identity says something else', async () => {
    const user = await fleet.signIn({ mustEnrol: true });
    expect(await principalAt('/api/v1/things', user.headers)).toMatchObject({ mustEnrol: true });
    fleet.sessions.get(user.sessionId)!.must_enrol = false;
    await projectAccess(fleet.redis, {
      type: 'identity.session.changed',
      data: { session_id: user.sessionId },
    });
    expect(await principalAt('/api/v1/things', user.headers)).toMatchObject({ mustEnrol: false });
  });

  it('tells when and how the user of the session was authenticated, as the access token says', async () => {
    const user = await fleet.signIn();
    const at = async (claims: object) => {
      const { userId, sessionId, organizationId } = user;
      const facts = { sub: String(userId), sid: sessionId, org_id: organizationId, ...claims };
      const headers = { authorization: `Bearer ${await fleet.token(facts)}` };
      const { authTime, secondFactorOmitted, amr } = await principalAt('/api/v1/things', headers);
      return { authTime, secondFactorOmitted, amr };
    };
    expect(await at({ auth_time: 1_700_000_000, amr: ['pwd', 'otp', 'mfa'] })).toEqual({
      authTime: 1_700_000_000,
      secondFactorOmitted: false,
      amr: ['pwd', 'otp', 'mfa'],
    });
    expect(await at({ auth_time: 1_700_000_000, second_factor_omitted: true })).toMatchObject({
      secondFactorOmitted: true,
    });
    for (const auth_time of [undefined, null, '1700000000', {}])
      expect(await at({ auth_time })).toMatchObject({ authTime: null });
  });

  it('is nobody outside of the organization whose identity provider opened the session, as the access token says', async () => {
    const user = await fleet.signIn({ isSystemAdmin: true });
    const { userId, sessionId, organizationId } = user;
    const other = someId();
    fleet.members.set(`${other}:${userId}`, {
      member: true,
      is_admin: true,
      permissions: [],
      plan: 'enterprise',
    });
    const claims = { sub: String(userId), sid: sessionId, org_id: organizationId, org_bound: true };
    const bound = { authorization: `Bearer ${await fleet.token(claims)}` };
    expect(await principalAt('/api/v1/things', bound)).toMatchObject({
      organizationId,
      isMember: true,
      isSystemAdmin: false,
      sessionBoundTo: organizationId,
    });
    expect(await principalAt(`/api/v1/organizations/${other}/things`, bound)).toMatchObject({
      organizationId: null,
      isMember: false,
      isAdmin: false,
      isSystemAdmin: false,
      permissions: [],
    });
    const nowhere = { authorization: `Bearer ${await fleet.token({ ...claims, org_id: null })}` };
    expect((await fleet.get('/api/v1/things', nowhere)).status).toBe(401);
  });

  it('acts in the active organization, or in that of the path', async () => {
    const user = await fleet.signIn();
    const other = someId();
    fleet.members.set(`${other}:${user.userId}`, {
      member: true,
      is_admin: true,
      permissions: [],
      plan: 'enterprise',
    });
    expect(await principalAt('/api/v1/things', user.headers)).toMatchObject({
      organizationId: user.organizationId,
      isAdmin: false,
      permissions: ['storage.read'],
      plan: 'individual',
    });
    expect(await principalAt(`/api/v1/organizations/${other}/things`, user.headers)).toMatchObject({
      organizationId: other,
      isMember: true,
      isAdmin: true,
      permissions: ['*'],
      plan: 'enterprise',
    });
  });

  it('says that the caller is no member of a foreign organization, and gives no right in it', async () => {
    const user = await fleet.signIn({ is_admin: true });
    for (const id of [String(someId()), '0', '-1', 'abc', '99999999999999999999']) {
      expect(await principalAt(`/api/v1/organizations/${id}/things`, user.headers)).toMatchObject({
        organizationId: null,
        isMember: false,
        isAdmin: false,
        permissions: [],
        plan: null,
      });
    }
  });

  it('lets a system administrator act in any organization, without making a member of it', async () => {
    const user = await fleet.signIn({ isSystemAdmin: true });
    const foreign = someId();
    expect(await principalAt(`/api/v1/organizations/${foreign}/things`, user.headers)).toMatchObject({
      organizationId: foreign,
      isMember: false,
      isSystemAdmin: true,
    });
  });

  it('tells of rights in workspaces as much as the endpoint is about', async () => {
    const workspaces = [
      { workspace_ids: [11, 12], permissions: ['storage.read'] },
      { workspace_ids: [12, 13], permissions: ['storage.write'] },
    ];
    const user = await fleet.signIn({ workspaces });
    const grantsAt = async (path: string) => (await principalAt(path, user.headers)).workspaces;
    expect(await grantsAt('/api/v1/things')).toEqual([]);
    expect(await grantsAt('/api/v1/workspaces/11/things')).toEqual([
      { workspaceIds: [11], permissions: ['storage.read'] },
    ]);
    expect(await grantsAt('/api/v1/workspaces/12/things')).toEqual([
      { workspaceIds: [12], permissions: ['storage.read'] },
      { workspaceIds: [12], permissions: ['storage.write'] },
    ]);
    for (const none of ['14', '0', '-11', '11.0', 'abc'])
      expect(await grantsAt(`/api/v1/workspaces/${none}/things`)).toEqual([]);
    expect(await grantsAt('/api/v1/things-of-workspaces')).toHaveLength(2);
  });

  it('is asked of the owners once, and then known', async () => {
    const user = await fleet.signIn();
    const asked = () => fleet.identity.received.length + fleet.organization.received.length;
    await fleet.get('/api/v1/things', user.headers);
    const before = asked();
    await Promise.all(Array.from({ length: 20 }, () => fleet.get('/api/v1/things', user.headers)));
    expect(asked()).toBe(before);
  });
});

describe('a session', () => {
  it('that identity does not know, or that has ended, or that is another user`s, answers 401', async () => {
    const user = await fleet.signIn({ organizationId: null });
    const foreign = await fleet.token({ sub: String(someId()), sid: user.sessionId });
    expect((await fleet.get('/api/v1/things', { authorization: `Bearer ${foreign}` })).status).toBe(401);
    const unknown = await fleet.token({ sub: String(user.userId), sid: someId() });
    expect((await fleet.get('/api/v1/things', { authorization: `Bearer ${unknown}` })).status).toBe(401);
    const ended = await fleet.signIn();
    fleet.sessions.set(ended.sessionId, {
      user_id: ended.userId,
      active: false,
      is_system_admin: false,
      must_enrol: false,
    });
    expect((await fleet.get('/api/v1/things', ended.headers)).status).toBe(401);
  });

  it('that is revoked answers 401 with the very next request', async () => {
    const user = await fleet.signIn();
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(200);
    const data = { session_id: user.sessionId, user_id: user.userId, reason: 'logout' };
    await projectAccess(fleet.redis, { type: 'identity.session.revoked', data });
    const answer = await fleet.get('/api/v1/things', user.headers);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
  });
});

describe('a membership', () => {
  it('that is gone makes a token of that organization answer 401 with the very next request', async () => {
    const user = await fleet.signIn();
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(200);
    fleet.members.delete(`${user.organizationId}:${user.userId}`);
    const organizationid = String(user.organizationId);
    await projectAccess(fleet.redis, { type: 'organization.member.removed', organizationid, data: {} });
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(401);
  });

  it('that changed acts with the very next request', async () => {
    const user = await fleet.signIn();
    await fleet.get('/api/v1/things', user.headers);
    fleet.members.set(`${user.organizationId}:${user.userId}`, {
      member: true,
      is_admin: false,
      permissions: ['storage.write'],
      plan: 'enterprise',
    });
    const organizationid = String(user.organizationId);
    await projectAccess(fleet.redis, { type: 'organization.role.changed', organizationid, data: {} });
    expect(await principalAt('/api/v1/things', user.headers)).toMatchObject({
      permissions: ['storage.write'],
    });
  });
});

describe('without Redis', () => {
  it('the owners are asked, and without them the answer is 503, never "allowed"', async () => {
    const redis = await startPrivateRedis();
    const alone = await startTestFleet([testRoute('GET', '/api/v1/things')], { redis });
    try {
      const user = await alone.signIn();
      expect((await alone.get('/api/v1/things', user.headers)).status).toBe(200);
      await redis.stop();
      await vi.waitFor(async () => expect((await alone.get('/ready')).status).toBe(503), { timeout: 5_000 });
      expect((await alone.get('/api/v1/things', user.headers)).status).toBe(200);
      alone.members.delete(`${user.organizationId}:${user.userId}`);
      expect((await alone.get('/api/v1/things', user.headers)).status).toBe(401);
      await alone.identity.stop();
      const answer = await alone.get('/api/v1/things', user.headers);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ error: { code: 'UPSTREAM_UNAVAILABLE' } });
    } finally {
      await alone.stop();
    }
  });
});
