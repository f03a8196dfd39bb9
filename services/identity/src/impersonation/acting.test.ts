import {
  memberRemoved,
  memberStatusChanged,
  organizationDeletionScheduled,
  roleAssigned,
} from '@rivergate/events';
import { byToken, eventually, expectError, fellowService, publishEvent } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { aPair, type ImpersonationFixture, impersonationFixture } from '../testing/impersonation-fixture.ts';
import { joinOrganization } from '../testing/join-organization.ts';
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

const now = () => Date.now() / 1000;
const ended = async (impersonation: number, sessionId: number, reason: string) => {
  expect(await acme.shown(impersonation)).toMatchObject({ status: 'ended', end_reason: reason });
  expect(await acme.isActive(sessionId)).toBe(false);
  expect(await identity.resources.redis.get(`access:{session:${sessionId}}`)).toBe('revoked');
  expectError(await acme.token(impersonation), 409, 'IMPERSONATION_STATE_CONFLICT');
};
const anotherSession = async ({ email }: { email: string }) =>
  identity.personOf(await identity.login(email), email);

describe('the token', () => {
  it('is of the member, names the administrator, lasts ten minutes at most, and comes without a refresh token', async () => {
    const impersonation = await acme.approved();
    const { data } = (await acme.token(impersonation).expect(201)).body;
    expect(Object.keys(data).toSorted()).toEqual(['access_token', 'expires_in', 'token_type']);
    const claims = decodeJwt(data.access_token);
    expect(claims).toMatchObject({
      sub: String(acme.member.userId),
      act: { sub: String(acme.administrator.userId) },
      org_id: acme.id,
    });
    for (const claim of ['auth_time', 'amr', 'second_factor_omitted', 'client_id'])
      expect(claims[claim]).toBeUndefined();
    expect(claims.exp! - now()).toBeGreaterThan(590);
    expect(claims.exp! - now()).toBeLessThanOrEqual(600);
  });

  it('never outlives the impersonation, nor the session of the administrator', async () => {
    const { knex } = identity.resources;
    const impersonation = await acme.approved();
    const soon = knex.raw("now() + interval '30 seconds'");
    await knex('impersonations').where({ id: impersonation }).update({ ends_at: soon });
    const { access_token } = (await acme.token(impersonation).expect(201)).body.data;
    expect(decodeJwt(access_token).exp! - now()).toBeLessThanOrEqual(30);

    const administrator = await anotherSession(acme.administrator);
    const other = await impersonationFixture(identity, { ...pair, administrator });
    const second = await other.approved();
    await knex('sessions').where({ id: administrator.sessionId }).update({ expires_at: soon });
    const short = (await other.token(second).expect(201)).body.data.access_token;
    expect(decodeJwt(short).exp! - now()).toBeLessThanOrEqual(30);
  });

  it('of ten at once all are of one session, which is told of once', async () => {
    const impersonation = await acme.approved();
    const answers = await Promise.all(Array.from({ length: 10 }, () => acme.token(impersonation)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map(({ body }) => decodeJwt(body.data.access_token).sid)).size).toBe(1);
    const started = (await identity.audited(acme.member.userId)).filter(
      ({ action, metadata }) =>
        action === 'impersonation.started' && metadata.impersonation_id === impersonation,
    );
    expect(started).toMatchObject([
      {
        actor_user_id: acme.member.userId,
        impersonator_user_id: acme.administrator.userId,
        organization_id: acme.id,
      },
    ]);
    const told = () =>
      identity.mail
        .to(acme.member.email)
        .filter(
          ({ subject, text }) =>
            /acts in your name/.test(subject) && text.includes(`Organization ${acme.id},`),
        );
    await eventually(() => told().length > 0);
    expect(told()).toHaveLength(1);
    expect(told()[0]!.text).toContain(acme.administrator.email);
  });

  it('409 before it is approved, and when its time is over', async () => {
    const impersonation = await acme.requested();
    expectError(await acme.token(impersonation), 409, 'IMPERSONATION_STATE_CONFLICT');
    await acme.approve(impersonation).expect(200);
    const { knex } = identity.resources;
    await knex('impersonations').where({ id: impersonation }).update({ ends_at: knex.fn.now() });
    expectError(await acme.token(impersonation), 409, 'IMPERSONATION_STATE_CONFLICT');
    expect((await acme.shown(impersonation)).status).toBe('ended');
    await endOverdue(knex);
    expect((await acme.shown(impersonation)).end_reason).toBe('time_over');
  });

  it('404 for every administrator but the one who asked, 409 in another session of that one', async () => {
    const other = await identity.person();
    identity.organization.rights.set(other.userId, { is_admin: true, permissions: ['*'] });
    const { impersonation } = await acme.running();
    expectError(await acme.token(impersonation, acme.within(other)), 404, 'IMPERSONATION_NOT_FOUND');
    const elsewhere = await anotherSession(acme.administrator);
    expectError(await acme.token(impersonation, acme.within(elsewhere)), 409, 'IMPERSONATION_STATE_CONFLICT');
    await acme.token(impersonation).expect(201);
  });

  it('403 where the administrator lost the right, or the member may more by now', async () => {
    const impersonation = await acme.approved();
    const rights = identity.organization.rights;
    rights.set(acme.administrator.userId, { permissions: ['user.impersonate'] });
    rights.set(acme.member.userId, { permissions: ['storage.read'] });
    expectError(
      await acme.token(impersonation, acme.within(acme.administrator)),
      403,
      'IMPERSONATION_REFUSED',
    );
    rights.set(acme.administrator.userId, { permissions: ['storage.read'] });
    expectError(await acme.token(impersonation, acme.within(acme.administrator)), 403, 'FORBIDDEN');
  });

  it('403 by a token in place of a session, 401 in a session that has ended', async () => {
    const impersonation = await acme.approved();
    const administrator = await anotherSession(acme.administrator);
    const principal = {
      ...administrator.principal,
      organizationId: acme.id,
      isMember: true,
      isAdmin: true,
      permissions: ['*'],
    };
    const program = identity.as(byToken(principal, { scope: ['read', 'write', 'admin'] }));
    expectError(await acme.token(impersonation, program), 403, 'FORBIDDEN');
    await administrator.caller.post('/api/v1/auth/logout').expect(204);
    expectError(await acme.token(impersonation, identity.as(principal)), 401, 'UNAUTHORIZED');
  });
});

describe('the session', () => {
  it('is shown to the member and to administrators with who acts in it', async () => {
    const { sessionId } = await acme.running();
    const { sessions } = (await acme.member.caller.get('/api/v1/sessions')).body.data;
    const find = (list: { id: number }[]) => list.find(({ id }) => id === sessionId);
    const impersonator = { id: acme.administrator.userId, display_name: expect.any(String) };
    expect(find(sessions)).toMatchObject({ impersonator });
    const path = `/api/v1/organizations/${acme.id}/sessions`;
    const { data } = (await acme.within(acme.administrator).get(path)).body;
    expect(find(data.sessions)).toMatchObject({ impersonator, authentication_methods: [] });
    const { history } = (await acme.member.caller.get('/api/v1/auth/login-history?limit=1&filter=success'))
      .body.data;
    expect(history).toMatchObject([
      {
        action: 'auth.login.success',
        metadata: { method: 'impersonation' },
        impersonator_user_id: impersonator.id,
      },
    ]);
  });

  it('does not make the network or the device of the administrator known for the member', async () => {
    const { knex } = identity.resources;
    const member = await identity.person();
    const other = await impersonationFixture(identity, { ...pair, member });
    const { sessionId } = await other.running();
    const unknown = '198.51.100.77';
    await knex('sessions').where({ id: sessionId }).update({ ip_address: unknown });
    const answer = await identity
      .anonymous(unknown)
      .post('/api/v1/auth/login', { email: member.email, password: 'Correct1horse' });
    expect(answer.status).toBe(200);
    await eventually(() =>
      identity.mail.to(member.email).some(({ subject }) => subject === 'New sign-in to your account'),
    );
  });

  it('needs no second factor of the member, whose organization requires one', async () => {
    const member = await identity.person();
    const organizationId = await joinOrganization(identity, member, {
      mfa: { required: true, deadline: null },
    });
    const other = await impersonationFixture(identity, { ...pair, member }, organizationId);
    const { sessionId } = await other.running();
    const state = await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`);
    expect(state.body.data).toMatchObject({ active: true, must_enrol: false });
  });
});

describe('it ends', () => {
  it('at once when the member ends it', async () => {
    const { impersonation, sessionId } = await acme.running();
    const { data } = (await acme.end(impersonation).expect(200)).body;
    expect(data).toEqual({ impersonation: { id: impersonation } });
    await ended(impersonation, sessionId, 'ended_by_member');
    expectError(await acme.end(impersonation), 409, 'IMPERSONATION_STATE_CONFLICT');
  });

  it('at once when the administrator ends it, by its own token too', async () => {
    const first = await acme.running();
    await acme.within(acme.administrator).delete(`${acme.path}/${first.impersonation}`).expect(200);
    await ended(first.impersonation, first.sessionId, 'withdrawn');
    const second = await acme.running();
    await second.acting.post('/api/v1/auth/logout').expect(204);
    await ended(second.impersonation, second.sessionId, 'session_ended');
  });

  it('with its session, whoever ends that', async () => {
    const first = await acme.running();
    await acme.member.caller.delete(`/api/v1/sessions/${first.sessionId}`).expect(200);
    await ended(first.impersonation, first.sessionId, 'session_ended');
    const second = await acme.running();
    const path = `/api/v1/organizations/${acme.id}/sessions/${second.sessionId}`;
    await acme.within(acme.administrator).delete(path).expect(200);
    await ended(second.impersonation, second.sessionId, 'session_ended');
  });

  it('with the session in which the administrator started it, and with no other', async () => {
    const administrator = await anotherSession(acme.administrator);
    const other = await impersonationFixture(identity, { ...pair, administrator });
    const { impersonation, sessionId } = await other.running();
    const third = await anotherSession(acme.administrator);
    await third.caller.post('/api/v1/auth/logout').expect(204);
    expect(await other.isActive(sessionId)).toBe(true);
    await administrator.caller.post('/api/v1/auth/logout').expect(204);
    expect(await other.shown(impersonation)).toMatchObject({ status: 'ended', end_reason: 'session_ended' });
    expect(await other.isActive(sessionId)).toBe(false);
  });

  it('where somebody else approved it in a session of the member, with that session', async () => {
    const thief = await anotherSession(acme.member);
    const impersonation = await acme.requested();
    await acme.approve(impersonation, thief.caller).expect(200);
    const { knex } = identity.resources;
    const { token_hash } = await knex('refresh_tokens').where({ session_id: thief.sessionId }).first();
    await knex('refresh_tokens')
      .where({ token_hash })
      .update({ used_at: knex.raw("now() - interval '1 hour'") });
    const reused = await identity
      .anonymous()
      .post('/api/v1/auth/refresh', { refresh_token: thief.refreshToken });
    expect(reused.status).toBe(401);
    expect(await acme.shown(impersonation)).toMatchObject({ status: 'ended', end_reason: 'session_ended' });
  });

  it.each<[string, 'administrator' | 'member', typeof memberRemoved | typeof memberStatusChanged, object]>([
    ['the administrator was removed', 'administrator', memberRemoved, {}],
    ['the administrator was suspended', 'administrator', memberStatusChanged, { status: 'suspended' }],
    ['the member was removed', 'member', memberRemoved, {}],
    ['the member was suspended', 'member', memberStatusChanged, { status: 'suspended' }],
  ])('when %s', async (_, who, declaration, more) => {
    const both = await aPair(identity);
    const other = await impersonationFixture(identity, both);
    const { impersonation, sessionId } = await other.running();
    identity.organization.removed.add(both[who].userId);
    const data = { organization_id: other.id, user_id: both[who].userId, ...more };
    await publishEvent(identity, 'organization', declaration, { subject: both[who].userId, data });
    await eventually(async () => !(await other.isActive(sessionId)));
    const row = () =>
      identity.resources.knex('impersonations').where({ id: impersonation }).first('ended_at');
    await eventually(async () => (await row()).ended_at !== null);
  });

  it('when the rights of the member rise above those of the administrator', async () => {
    const { rights } = identity.organization;
    rights.set(acme.administrator.userId, { permissions: ['user.impersonate'] });
    const impersonation = (await acme.request({}, acme.within(acme.administrator)).expect(201)).body.data
      .impersonation.id;
    await acme.approve(impersonation).expect(200);
    const { data } = (await acme.token(impersonation, acme.within(acme.administrator)).expect(201)).body;
    const sessionId = Number(decodeJwt(data.access_token).sid);
    rights.set(acme.member.userId, { is_admin: true, permissions: ['*'] });
    const fact = {
      organization_id: acme.id,
      user_id: acme.member.userId,
      role_id: 1,
      workspace_id: null,
      assignment_id: 1,
      expires_at: null,
    };
    await publishEvent(identity, 'organization', roleAssigned, { subject: 1, data: fact });
    await eventually(async () => !(await acme.isActive(sessionId)));
    expect((await acme.shown(impersonation)).end_reason).toBe('right_lost');
    // Taken back, it stays over.
    rights.delete(acme.member.userId);
    const again = await acme.token(impersonation, acme.within(acme.administrator));
    expectError(again, 409, 'IMPERSONATION_STATE_CONFLICT');
  });

  it('when the account of the administrator is suspended, and when the organization is deleted', async () => {
    const both = await aPair(identity);
    const other = await impersonationFixture(identity, both);
    const { impersonation, sessionId } = await other.running();
    const { knex } = identity.resources;
    const account = knex('users').where({ id: both.administrator.userId });
    await account.clone().update({ disabled_at: new Date() });
    expect(await other.isActive(sessionId)).toBe(false);
    await account.update({ disabled_at: null });
    expect(await other.isActive(sessionId)).toBe(true);
    const data = {
      organization_id: other.id,
      name: 'Acme',
      erase_at: new Date().toISOString(),
      revoked_invitations: 0,
    };
    await publishEvent(identity, 'organization', organizationDeletionScheduled, { subject: other.id, data });
    await eventually(async () => !(await other.isActive(sessionId)));
    await eventually(async () => (await other.shown(impersonation)).status === 'ended');
  });

  it('by its time, of which a schedule tells', async () => {
    const { impersonation, sessionId } = await acme.running();
    const { knex } = identity.resources;
    await knex('impersonations').where({ id: impersonation }).update({ ends_at: knex.fn.now() });
    await endOverdue(knex);
    expect(await acme.shown(impersonation)).toMatchObject({ status: 'ended', end_reason: 'time_over' });
    expect(await acme.isActive(sessionId)).toBe(false);
  });

  it('is told with why, and by whom', async () => {
    const { impersonation } = await acme.running();
    await acme.end(impersonation).expect(200);
    const entries = (await identity.audited(acme.member.userId)).filter(
      ({ metadata }) => metadata.impersonation_id === impersonation,
    );
    expect(entries.map(({ action }) => action)).toEqual([
      'impersonation.requested',
      'impersonation.approved',
      'impersonation.started',
      'impersonation.ended',
    ]);
    expect(entries.at(-1)).toMatchObject({
      actor_user_id: acme.member.userId,
      impersonator_user_id: null,
      organization_id: acme.id,
      metadata: { reason: 'ended_by_member' },
    });
  });
});

describe('with the token', () => {
  it('one sees who one is, and who acts', async () => {
    const { acting } = await acme.running();
    const { data } = (await acting.get('/api/v1/auth/me').expect(200)).body;
    expect(data).toMatchObject({
      user: { id: acme.member.userId },
      active_organization_id: acme.id,
      impersonator: { id: acme.administrator.userId, display_name: expect.any(String) },
    });
    expect((await acme.member.caller.get('/api/v1/auth/me')).body.data.impersonator).toBeNull();
  });

  it('nothing of the account is reached: credentials, sessions, tokens, factors, grants, consents, this itself', async () => {
    const { acting, impersonation } = await acme.running();
    const organization = `/organizations/${acme.id}`;
    const refused: [string, 'get' | 'post' | 'put' | 'patch' | 'delete'][] = [
      ['/sessions', 'get'],
      ['/sessions/1', 'delete'],
      ['/auth/logout-all', 'post'],
      ['/auth/step-up', 'get'],
      ['/auth/step-up', 'post'],
      ['/auth/change-password', 'post'],
      ['/auth/me/profile', 'put'],
      ['/auth/me/email/request', 'post'],
      ['/auth/login-history', 'get'],
      ['/auth/tokens', 'get'],
      ['/auth/tokens', 'post'],
      ['/auth/browser-session', 'put'],
      ['/auth/social-accounts', 'get'],
      ['/auth/mfa/deactivate', 'post'],
      ['/mfa/status', 'get'],
      ['/mfa/totp/setup', 'post'],
      ['/webauthn/credentials', 'get'],
      ['/webauthn/register/start', 'post'],
      ['/devices', 'get'],
      ['/oauth/consents', 'get'],
      [`${organization}/tokens`, 'get'],
      [`${organization}/sessions`, 'get'],
      [`${organization}/devices`, 'get'],
      [`${organization}/oauth-applications`, 'get'],
      ['/auth/me/impersonations', 'get'],
      [`/auth/me/impersonations/${impersonation}/approve`, 'post'],
      [`/auth/me/impersonations/${impersonation}`, 'delete'],
      [`${organization}/impersonations`, 'get'],
      [`${organization}/impersonations`, 'post'],
      [`${organization}/impersonations/${impersonation}/token`, 'post'],
    ];
    for (const [path, method] of refused)
      expectError(await acting[method](`/api/v1${path}`), 403, 'FORBIDDEN');
    for (const path of ['/oauth/authorize', '/oauth/userinfo'])
      expect((await acting.get(path)).status, path).toBe(403);
  });
});

it('no secret of it stands in the database', async () => {
  const { accessToken } = await acme.running();
  const { knex } = identity.resources;
  const kept = JSON.stringify([await knex('impersonations'), await knex('sessions'), await knex('outbox')]);
  expect(kept).not.toContain(accessToken);
  expect(kept).not.toContain(decodeJwt(accessToken).jti);
});
