import { memberRemoved, roleWithdrawn } from '@rivergate/events';
import { byToken, eventually, expectError, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { aPair, type ImpersonationFixture, impersonationFixture } from '../testing/impersonation-fixture.ts';
import { endOverdue } from './end-overdue.ts';

let identity: IdentityUnderTest;
let pair: Awaited<ReturnType<typeof aPair>>;
let acme: ImpersonationFixture;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  pair = await aPair(identity);
});
afterAll(() => identity.stop());
beforeEach(async () => {
  acme = await impersonationFixture(identity, pair);
});

const ten = <Answer>(call: () => PromiseLike<Answer>) => Promise.all(Array.from({ length: 10 }, call));
const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).toSorted();
const age = (id: number, columns: Record<string, string>) =>
  identity.resources
    .knex('impersonations')
    .where({ id })
    .update(
      Object.fromEntries(
        Object.entries(columns).map(([column, ago]) => [
          column,
          identity.resources.knex.raw('now() - ?::interval', [ago]),
        ]),
      ),
    );
const actions = async (id: number) =>
  (await identity.audited(acme.member.userId)).filter(({ metadata }) => metadata.impersonation_id === id);
/** Mails to the member that ask for the organization at hand. */
const asked = () =>
  identity.mail
    .to(acme.member.email)
    .filter(
      ({ subject, text }) =>
        /asks to act in your name/.test(subject) && text.includes(`Organization ${acme.id}`),
    );
const rights = (who: { userId: number }, permissions: string[]) =>
  identity.organization.rights.set(who.userId, { permissions });

describe('asking a member', () => {
  it('201 is told to the member by mail and on their page, and to administrators', async () => {
    const { administrator, member } = acme;
    const id = await acme.requested();
    const entry = await acme.shown(id);
    expect(entry).toMatchObject({
      organization: { id: acme.id, name: `Organization ${acme.id}` },
      user: { id: member.userId, email: member.email },
      administrator: { id: administrator.userId, email: administrator.email },
      reason: 'Ticket 4711',
      minutes: 30,
      status: 'pending',
      approved_at: null,
      ended_at: null,
    });
    expect((await member.caller.get('/api/v1/auth/me/impersonations')).body.data.impersonations).toEqual([
      entry,
    ]);
    const mail = await eventually(() => asked().at(0));
    for (const word of [
      'Ticket 4711',
      administrator.email,
      '30 minutes',
      `Organization ${acme.id}`,
      '/account',
    ])
      expect(mail.text).toContain(word);
    expect((await actions(id)).map(({ action }) => action)).toEqual(['impersonation.requested']);
  });

  it('403 IMPERSONATION_REFUSED for oneself, and for who may what the caller may not', async () => {
    const { administrator, member, request } = acme;
    expectError(await request({ user_id: administrator.userId }), 403, 'IMPERSONATION_REFUSED');
    rights(administrator, ['user.impersonate', 'storage.read']);
    rights(member, ['storage.write']);
    expectError(await request({}, acme.within(administrator)), 403, 'IMPERSONATION_REFUSED');
    identity.organization.rights.set(member.userId, { is_admin: true, permissions: ['*'] });
    expectError(await request({}, acme.within(administrator)), 403, 'IMPERSONATION_REFUSED');
    rights(member, ['storage.read']);
    await request({}, acme.within(administrator)).expect(201);
  });

  it('403 for who is an administrator of the platform only, and of its administrators', async () => {
    const others = await impersonationFixture(identity, await aPair(identity));
    const { administrator, member } = others;
    rights(administrator, []);
    const system = others.within(administrator, { isSystemAdmin: true });
    expectError(await others.request({}, system), 403, 'IMPERSONATION_REFUSED');
    identity.organization.rights.set(administrator.userId, { is_admin: true, permissions: ['*'] });
    await identity.resources.knex('users').where({ id: member.userId }).update({ is_system_admin: true });
    expectError(await others.request(), 403, 'IMPERSONATION_REFUSED');
  });

  it('404 USER_NOT_FOUND for who is no member, suspended, or nobody', async () => {
    const { member, request } = await impersonationFixture(identity, await aPair(identity));
    expectError(await request({ user_id: 2 ** 40 }), 404, 'USER_NOT_FOUND');
    await identity.resources.knex('users').where({ id: member.userId }).update({ disabled_at: new Date() });
    expectError(await request(), 404, 'USER_NOT_FOUND');
    identity.organization.removed.add(member.userId);
    expectError(await request(), 404, 'USER_NOT_FOUND');
  });

  it('403 without the permission, 404 in an organization of others', async () => {
    const { administrator, member, request } = acme;
    expectError(await request({}, acme.within(member)), 403, 'FORBIDDEN');
    rights(administrator, ['user.write']);
    expectError(await request({}, acme.within(administrator)), 403, 'FORBIDDEN');
    const stranger = acme.within(administrator, { organizationId: null, isMember: false });
    expectError(await request({}, stranger), 404, 'ORGANIZATION_NOT_FOUND');
    expectError(await stranger.get(acme.path), 404, 'ORGANIZATION_NOT_FOUND');
  });

  it('401 STEP_UP_REQUIRED where the authentication is too old, and 403 for every token in place of a session', async () => {
    const { administrator, request } = acme;
    const principal = {
      ...administrator.principal,
      isMember: true,
      organizationId: acme.id,
      isAdmin: true,
      permissions: ['*'],
    };
    const stale = identity.as({ ...principal, authTime: Math.floor(Date.now() / 1000) - 3_600 });
    expectError(await request({}, stale), 401, 'STEP_UP_REQUIRED');
    for (const kind of ['pat', 'oauth'] as const) {
      const program = identity.as(byToken(principal, { kind, scope: ['read', 'write', 'admin'] }));
      expectError(await request({}, program), 403, 'FORBIDDEN');
    }
    const client = {
      ...byToken(principal, { kind: 'oauth', scope: ['admin', 'write'] }),
      kind: 'client',
      userId: null,
    } as const;
    expectError(await request({}, identity.as(client)), 403, 'FORBIDDEN');
  });

  it('of ten at once one is asked, and one mail goes out', async () => {
    const answers = await ten(() => acme.request());
    expect(statuses(answers)).toEqual([201, ...Array(9).fill(409)]);
    expect(answers.find(({ status }) => status === 409)!.body.error.code).toBe('IMPERSONATION_OPEN');
    await eventually(() => asked().length > 0);
    expect(asked()).toHaveLength(1);
  });

  it.each([
    { minutes: 4 },
    { minutes: 61 },
    { minutes: 5.5 },
    { reason: '' },
    { reason: 'x'.repeat(501) },
    { reason: 'a‮b' },
    { user_id: '7' },
    { organization_id: 7 },
  ])('422 for %o', async more => {
    expect((await acme.request(more)).status).toBe(422);
  });

  it('503 while organization is away, and nothing is written', async () => {
    identity.organization.down = true;
    const { status } = await acme.request();
    identity.organization.down = false;
    expect(status).toBe(503);
    expect((await acme.within(acme.administrator).get(acme.path)).body.data.total_count).toBe(0);
  });
});

describe('a member approves', () => {
  it('200 once, for the minutes from then on', async () => {
    const id = await acme.requested({ minutes: 5 });
    const answers = await ten(() => acme.approve(id));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(409)]);
    const { impersonation } = answers.find(({ status }) => status === 200)!.body.data;
    expect(impersonation.status).toBe('active');
    expect(Date.parse(impersonation.ends_at) - Date.parse(impersonation.approved_at)).toBe(300_000);
    expect((await actions(id)).map(({ action }) => action)).toEqual([
      'impersonation.requested',
      'impersonation.approved',
    ]);
  });

  it('404 for somebody else, the administrator among them', async () => {
    const id = await acme.requested();
    const other = await identity.person();
    for (const { caller } of [other, acme.administrator]) {
      expectError(await acme.approve(id, caller), 404, 'IMPERSONATION_NOT_FOUND');
      expectError(await caller.post(acme.own(id, '/deny')), 404, 'IMPERSONATION_NOT_FOUND');
      expectError(await caller.delete(acme.own(id)), 404, 'IMPERSONATION_NOT_FOUND');
    }
    expect((await acme.shown(id)).status).toBe('pending');
  });

  it('401 STEP_UP_REQUIRED without a fresh authentication, 403 by a token in place of a session', async () => {
    const id = await acme.requested();
    const { principal } = acme.member;
    expectError(await acme.approve(id, identity.as({ ...principal, authTime: 0 })), 401, 'STEP_UP_REQUIRED');
    const program = identity.as(byToken(principal, { scope: ['read', 'write', 'admin'] }));
    for (const action of ['/approve', '/deny'])
      expectError(await program.post(acme.own(id, action)), 403, 'FORBIDDEN');
    expectError(await program.get('/api/v1/auth/me/impersonations'), 403, 'FORBIDDEN');
  });

  it('409 a day later, and it is shown as expired', async () => {
    const id = await acme.requested();
    await age(id, { expires_at: '1 second' });
    expectError(await acme.approve(id), 409, 'IMPERSONATION_STATE_CONFLICT');
    expect((await acme.shown(id)).status).toBe('expired');
    await endOverdue(identity.resources.knex);
    expect(await acme.shown(id)).toMatchObject({ status: 'expired', end_reason: 'expired' });
    await acme.requested();
  });

  it('409 after denying, which is told', async () => {
    const id = await acme.requested();
    const { impersonation } = (await acme.member.caller.post(acme.own(id, '/deny')).expect(200)).body.data;
    expect(impersonation).toMatchObject({ status: 'denied', end_reason: 'denied' });
    expectError(await acme.approve(id), 409, 'IMPERSONATION_STATE_CONFLICT');
    expectError(await acme.member.caller.post(acme.own(id, '/deny')), 409, 'IMPERSONATION_STATE_CONFLICT');
    expectError(await acme.token(id), 409, 'IMPERSONATION_STATE_CONFLICT');
    expect((await actions(id)).map(({ action }) => action)).toEqual([
      'impersonation.requested',
      'impersonation.denied',
    ]);
  });

  it('409 after the administrator withdrew, which another administrator can do as well', async () => {
    const id = await acme.requested();
    const other = await identity.person();
    identity.organization.rights.set(other.userId, { is_admin: true, permissions: ['*'] });
    const { data } = (await acme.within(other).delete(`${acme.path}/${id}`).expect(200)).body;
    expect(data).toEqual({ impersonation: { id } });
    expectError(await acme.approve(id), 409, 'IMPERSONATION_STATE_CONFLICT');
    expectError(await acme.within(other).delete(`${acme.path}/${id}`), 409, 'IMPERSONATION_STATE_CONFLICT');
    expect(await acme.shown(id)).toMatchObject({ status: 'ended', end_reason: 'withdrawn' });
  });

  it('403 when the administrator may not any more, or the member may more by now', async () => {
    const id = await acme.requested();
    rights(acme.administrator, ['user.read']);
    expectError(await acme.approve(id), 403, 'IMPERSONATION_REFUSED');
    rights(acme.administrator, ['user.impersonate']);
    rights(acme.member, ['storage.read']);
    expectError(await acme.approve(id), 403, 'IMPERSONATION_REFUSED');
  });
});

describe('what waits for an answer', () => {
  it.each([
    ['is removed', memberRemoved, {}],
    ['loses the right', roleWithdrawn, { assignment_id: 1, role_id: 1, workspace_id: null }],
  ])('ends for good when the administrator %s', async (_, declaration, more) => {
    const { id: organization_id, administrator } = acme;
    const id = await acme.requested();
    rights(administrator, []);
    const data = { organization_id, user_id: administrator.userId, ...more };
    await publishEvent(identity, 'organization', declaration, { subject: administrator.userId, data });
    await eventually(async () => (await acme.shown(id)).status === 'ended');
    identity.organization.rights.set(administrator.userId, { is_admin: true, permissions: ['*'] });
    expect((await acme.shown(id)).end_reason).toBe('right_lost');
    expectError(await acme.approve(id), 409, 'IMPERSONATION_STATE_CONFLICT');
  });
});

describe('lists', () => {
  it('show those that are open first, by status, page by page, and nothing of other organizations', async () => {
    const first = await acme.requested();
    await acme.member.caller.post(acme.own(first, '/deny')).expect(200);
    const second = await acme.approved();
    await acme.end(second).expect(200);
    const third = await acme.requested();
    const list = async (query = '') =>
      (await acme.within(acme.administrator).get(`${acme.path}${query}`)).body.data;
    const ids = async (query?: string) =>
      (await list(query)).impersonations.map(({ id }: { id: number }) => id);
    expect(await ids()).toEqual([third, second, first]);
    expect(await ids('?status=denied')).toEqual([first]);
    expect(await ids('?status=ended')).toEqual([second]);
    expect(await ids('?skip=1&limit=1')).toEqual([second]);
    expect((await list('?limit=1')).total_count).toBe(3);
    const elsewhere = await impersonationFixture(identity, pair);
    expect((await elsewhere.within(elsewhere.administrator).get(elsewhere.path)).body.data.total_count).toBe(
      0,
    );
    for (const path of [`${elsewhere.path}/${third}`, `${elsewhere.path}/${third}/token`]) {
      const by = elsewhere.within(elsewhere.administrator);
      expectError(
        await (path.endsWith('token') ? by.post(path) : by.delete(path)),
        404,
        'IMPERSONATION_NOT_FOUND',
      );
    }
  });

  it.each(['status=running', 'limit=0', 'page=1'])('422 for %s', async query => {
    expect((await acme.within(acme.administrator).get(`${acme.path}?${query}`)).status).toBe(422);
    expect((await acme.member.caller.get(`/api/v1/auth/me/impersonations?${query}`)).status).toBe(422);
  });
});

it('one member is asked ten times a day at most in an organization', async () => {
  const limited = await startIdentityUnderTest({ RATE_LIMIT_IMPERSONATION_DAILY: '2/86400' });
  try {
    const both = await aPair(limited);
    const [busy, quiet] = [
      await impersonationFixture(limited, both),
      await impersonationFixture(limited, both),
    ];
    for (let time = 0; time < 2; time++) {
      const id = await busy.requested();
      await busy.member.caller.post(busy.own(id, '/deny')).expect(200);
    }
    expectError(await busy.request(), 429, 'RATE_LIMITED');
    await quiet.request().expect(201);
  } finally {
    await limited.stop();
  }
});
