import { forgetMemberships, revokeSession } from '@rivergate/caller';
import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExchange } from '../exchange.ts';
import { observer } from '../observe.ts';
import { testRoute } from '../testing/stand-in.ts';
import { type Member, someId, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things'),
      testRoute('GET', '/api/v1/organizations/{org_id}/things'),
      testRoute('GET', '/api/v1/workspaces/{workspace_id}/things', { workspace: 'params.workspace_id' }),
    ],
    { redis: await startPrivateRedis(), env: { RATE_LIMIT_STANDARD: '20/60' } },
  );
});
afterAll(() => fleet.stop());

const THINGS = '/api/v1/things';

/** A member, and an administrator who acts in their name. */
async function pair(member: Partial<Member> = {}, administrator: Partial<Member> = { is_admin: true }) {
  const user = await fleet.signIn(member);
  const organizationId = user.organizationId!;
  const other = await fleet.signIn({ organizationId, ...administrator });
  const sessionId = someId();
  const known = { user_id: user.userId, active: true, is_system_admin: false, must_enrol: false };
  fleet.sessions.set(sessionId, known);
  const claims = { sub: String(user.userId), sid: sessionId, org_id: organizationId, amr: undefined };
  const as = async (act: unknown, more = {}) => ({
    authorization: `Bearer ${await fleet.token({ ...claims, act, ...more })}`,
  });
  const headers = await as({ sub: String(other.userId) });
  const change = async (userId: number, now: Partial<Member>) => {
    const key = `${organizationId}:${userId}`;
    fleet.members.set(key, { ...fleet.members.get(key)!, ...now });
    await forgetMemberships(fleet.redis, organizationId);
  };
  return { user, other, organizationId, sessionId, headers, as, change };
}

const status = async (headers: Record<string, string>, path = THINGS) =>
  (await fleet.get(path, headers)).status;
const principalAt = async (headers: Record<string, string>, path = THINGS) => {
  const answer = await fleet.get(path, headers);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: { principal: Record<string, unknown> } }).data.principal;
};

describe('a token in the name of a member', () => {
  it('tells the service of both, gives the rights of the member, and says of no authentication', async () => {
    const { user, other, organizationId, sessionId, headers } = await pair();
    for (let time = 0; time < 3; time++)
      expect(await principalAt(headers)).toMatchObject({
        kind: 'user',
        userId: user.userId,
        impersonator: { userId: other.userId, boundTo: organizationId },
        sessionId,
        organizationId,
        isAdmin: false,
        permissions: ['storage.read'],
        authTime: null,
        amr: [],
      });
    expect(await principalAt(user.headers)).toMatchObject({ userId: user.userId, impersonator: null });
  });

  it('gives the rights of the member in workspaces', async () => {
    const { headers } = await pair({
      workspaces: [{ workspace_ids: [3, 4], permissions: ['storage.write'] }],
    });
    expect((await principalAt(headers, '/api/v1/workspaces/3/things')).workspaces).toEqual([
      { workspaceIds: [3], permissions: ['storage.write'] },
    ]);
  });

  it('is nobody in another organization of the member, and of the administrator', async () => {
    const { user, other, headers } = await pair();
    const elsewhere = someId();
    const member = { member: true, is_admin: true, permissions: ['*'], plan: null };
    for (const { userId } of [user, other]) fleet.members.set(`${elsewhere}:${userId}`, member);
    expect(await principalAt(headers, `/api/v1/organizations/${elsewhere}/things`)).toMatchObject({
      organizationId: null,
      isMember: false,
      isAdmin: false,
      permissions: [],
    });
  });

  it('never gives what the platform gives its administrators', async () => {
    const { sessionId, headers } = await pair();
    fleet.sessions.get(sessionId)!.is_system_admin = true;
    expect(await principalAt(headers)).toMatchObject({ isSystemAdmin: false });
  });

  it('ends with its session, at the next request', async () => {
    const { sessionId, headers } = await pair();
    expect(await status(headers)).toBe(200);
    await revokeSession(fleet.redis, sessionId);
    expect(await status(headers)).toBe(401);
  });

  const support = { permissions: ['storage.read', 'user.impersonate'] };
  it.each<[string, 'user' | 'other', Partial<Member>]>([
    ['the member was removed', 'user', { member: false }],
    ['the administrator was removed', 'other', { member: false }],
    ['the administrator lost the permission', 'other', { permissions: ['storage.read'] }],
    ['the administrator lost what the member holds', 'other', { permissions: ['user.impersonate'] }],
    ['the member became an administrator', 'user', { is_admin: true }],
    ['the member got a right that the administrator has not', 'user', { permissions: ['storage.write'] }],
    [
      'the member got such a right in a workspace',
      'user',
      { workspaces: [{ workspace_ids: [3], permissions: ['storage.write'] }] },
    ],
  ])('401 with the next request when %s', async (_, who, now) => {
    const both = await pair({}, support);
    // Asked, kept, remembered.
    for (let time = 0; time < 3; time++) expect(await status(both.headers)).toBe(200);
    await both.change(both[who].userId, now);
    expect(await status(both.headers)).toBe(401);
  });

  it.each([null, '7', {}, { sub: 'somebody' }, { sub: '0' }, { sub: { sub: '7' } }, []])(
    '401 where `act` is %j',
    async act => {
      expect(await status(await (await pair()).as(act))).toBe(401);
    },
  );

  it('401 without an organization', async () => {
    const { other, as } = await pair();
    expect(await status(await as({ sub: String(other.userId) }, { org_id: null }))).toBe(401);
  });

  it('counts in the limit of the administrator, and not in that of the member', async () => {
    const { user, headers } = await pair();
    const answers = await Promise.all(Array.from({ length: 25 }, () => status(headers)));
    expect(answers.filter(code => code === 429).length).toBeGreaterThan(0);
    expect(await status(user.headers)).toBe(200);
  });
});

it('log and trace of a request name both', async () => {
  const logged: object[] = [];
  const attributes: object[] = [];
  const exchange = openExchange({ method: 'GET' } as never, null, null);
  const span = { setAttributes: (more: object) => attributes.push(more), end() {} };
  const principal = { userId: 7, impersonator: { userId: 9, boundTo: 1 } };
  Object.assign(exchange, { span, principal, status: 200 });
  observer({ write: entry => logged.push(entry) }).ended(exchange);
  expect(logged).toMatchObject([{ userId: 7, impersonatorId: 9 }]);
  expect(attributes).toMatchObject([{ 'enduser.id': '7', 'enduser.impersonator.id': '9' }]);
});
