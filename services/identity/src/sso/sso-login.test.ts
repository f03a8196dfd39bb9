import { createHash } from 'node:crypto';
import {
  memberStatusChanged,
  sessionRevoked,
  ssoLoginEnded,
  ssoProviderDeactivated,
} from '@rivergate/events';
import { eventually, fellowService, publishEvent, type TestAnswer } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

const ACME = 42;
const OTHER = 43;
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

/** Somebody who starts in the organization, as its members do. */
async function memberOf(organizationId = ACME): Promise<Person> {
  const person = await identity.person();
  identity.organization.startsAt.set(person.userId, { organization_id: organizationId, workspace_id: 4_200 });
  return person;
}

const users = (userId: number) => identity.resources.knex('users').where({ id: userId });
let logins = 0;

/** What sso tells of a completed sign-in. */
async function authenticated({ userId }: Person, more: object = {}): Promise<TestAnswer> {
  return await identity.as(fellowService('sso')).post('/internal/sso-logins', {
    user_id: userId,
    organization_id: ACME,
    provider_id: 7,
    login_id: `login ${++logins}`,
    methods: ['pwd'],
    code_challenge: CHALLENGE,
    expires_at: null,
    ...more,
  });
}

const trade = (code: string, more: object = { code_verifier: VERIFIER }) =>
  identity.anonymous().post('/api/v1/auth/sso/login', { code, ...more });
const refused = ({ status, body }: TestAnswer) => [status, body.error?.code];

/** Signed in by the provider. */
async function signedInBy(person: Person, more: object = {}): Promise<Person & { claims: object }> {
  const { body } = await authenticated(person, more);
  const answer = await trade(body.data.code);
  if (answer.status !== 200) throw new Error(answer.text);
  const claims = decodeJwt(answer.body.data.access_token);
  return { ...identity.personOf(answer, person.email), claims };
}

const isActive = async (sessionId: number) =>
  (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`)).body.data.active;

describe('a code of a sign-in elsewhere', () => {
  it('becomes a session in the organization of the provider, of the methods that this one tells', async () => {
    const person = await memberOf();
    const { status, body } = await authenticated(person);
    expect([status, body.data]).toEqual([201, { code: body.data.code, expires_in: 60 }]);
    const answer = await trade(body.data.code);
    expect([answer.status, answer.body.data]).toMatchObject([
      200,
      { user_id: person.userId, email: person.email, is_verified: true, token_type: 'bearer' },
    ]);
    expect(decodeJwt(answer.body.data.access_token)).toMatchObject({
      org_id: ACME,
      org_bound: true,
      amr: ['fed', 'pwd'],
    });
    const history = await person.caller.get('/api/v1/auth/login-history');
    expect(history.body.data.history[0]).toMatchObject({
      action: 'auth.login.success',
      metadata: { method: 'sso' },
    });
  });
  it('is good once: ten who come with it at once get one session', async () => {
    const person = await memberOf();
    const { code } = (await authenticated(person)).body.data;
    const answers = await Promise.all(Array.from({ length: 10 }, () => trade(code)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(400)]);
    expect(refused(await trade(code))).toEqual([400, 'INVALID_CODE']);
  });
  it('needs the verifier of its challenge, and no other; a wrong one spends it', async () => {
    const person = await memberOf();
    for (const more of [{}, { code_verifier: 'w'.repeat(43) }]) {
      const { code } = (await authenticated(person)).body.data;
      expect(refused(await trade(code, more))).toEqual([400, 'INVALID_CODE']);
      expect(refused(await trade(code))).toEqual([400, 'INVALID_CODE']);
    }
    const without = (await authenticated(person, { code_challenge: null })).body.data.code;
    expect(refused(await trade(without))).toEqual([400, 'INVALID_CODE']);
    const begunThere = (await authenticated(person, { code_challenge: null })).body.data.code;
    expect((await trade(begunThere, {})).status).toBe(200);
  });
  it('is good for a minute, and not beyond what the provider says of the session', async () => {
    const person = await memberOf();
    const { code } = (await authenticated(person)).body.data;
    await identity.resources
      .knex('sso_logins')
      .where({ user_id: person.userId })
      .update({ expires_at: new Date(Date.now() - 1) });
    expect(refused(await trade(code))).toEqual([400, 'INVALID_CODE']);
    const past = { expires_at: new Date(Date.now() - 1_000).toISOString() };
    expect(refused(await trade((await authenticated(person, past)).body.data.code))).toEqual([
      400,
      'INVALID_CODE',
    ]);
  });
  it('is kept as a hash alone, and in no log, event or error', async () => {
    const person = await memberOf();
    const { code } = (await authenticated(person)).body.data;
    const rows = await identity.resources.knex('sso_logins').where({ user_id: person.userId });
    expect(JSON.stringify(rows)).not.toContain(code);
    await trade(code);
    expect((await trade(code)).text).not.toContain(code);
    expect(JSON.stringify(await identity.audited(person.userId))).not.toContain(code);
  });
  it('is made for sso alone, and for an account that somebody has verified', async () => {
    const person = await memberOf();
    for (const name of ['organization', 'gateway', 'storage'])
      expect((await identity.as(fellowService(name)).post('/internal/sso-logins', {})).status).toBe(403);
    const email = identity.newAddress();
    await identity.signUp(email);
    const [unverified] = await identity.resources.knex('email_addresses').where({ email });
    for (const userId of [unverified.user_id, 999_999])
      expect(refused(await authenticated({ ...person, userId }))).toEqual([404, 'USER_NOT_FOUND']);
  });
  it('opens nothing for an account that is suspended, nor for who is no active member', async () => {
    const disabled = await memberOf();
    const first = (await authenticated(disabled)).body.data.code;
    await users(disabled.userId).update({ disabled_at: new Date() });
    expect(refused(await trade(first))).toEqual([403, 'ACCOUNT_DISABLED']);

    const suspended = await memberOf();
    const second = (await authenticated(suspended)).body.data.code;
    identity.organization.removed.add(suspended.userId);
    expect(refused(await trade(second))).toEqual([403, 'MEMBERSHIP_NOT_ACTIVE']);
    const elsewhere = await memberOf(OTHER);
    const third = (await authenticated(elsewhere)).body.data.code;
    expect(refused(await trade(third))).toEqual([403, 'MEMBERSHIP_NOT_ACTIVE']);
    const reasons = (await identity.audited(suspended.userId)).map(({ metadata }) => metadata.reason);
    expect(reasons).toContain('membership_not_active');
  });
  it('is not spent while nobody can say whether its user is a member', async () => {
    const person = await memberOf();
    const { code } = (await authenticated(person)).body.data;
    identity.organization.down = true;
    expect((await trade(code)).status).toBe(503);
    identity.organization.down = false;
    expect((await trade(code)).status).toBe(200);
  });
});

describe('a session of a sign-in elsewhere', () => {
  it('ends when the provider says, however long others last', async () => {
    const ends = new Date(Date.now() + 600_000);
    const session = await signedInBy(await memberOf(), { expires_at: ends.toISOString() });
    const [row] = await identity.resources.knex('sessions').where({ id: session.sessionId });
    expect(row.expires_at).toEqual(ends);
    expect(session.claims).toHaveProperty('exp', Math.floor(ends.getTime() / 1_000));
  });
  it('cannot be moved to another organization, and is none of a system administrator', async () => {
    const person = await memberOf();
    await users(person.userId).update({ is_system_admin: true });
    const { userId, sessionId } = await signedInBy(person);
    const move = async (organizationId: number) =>
      await identity
        .as(fellowService('organization', { userId, sessionId, organizationId, isMember: true }))
        .post(`/internal/organizations/${organizationId}/session`, { workspace_id: null });
    expect(refused(await move(OTHER))).toEqual([404, 'SESSION_NOT_FOUND']);
    const moved = await move(ACME);
    expect(decodeJwt(moved.body.data.access_token)).toMatchObject({ org_id: ACME, org_bound: true });
    const state = await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`);
    expect(state.body.data).toMatchObject({ active: true, is_system_admin: false });
  });
  it('stays bound when it is refreshed', async () => {
    const { refreshToken } = await signedInBy(await memberOf());
    const { body } = await identity.anonymous().post('/api/v1/auth/refresh', { refresh_token: refreshToken });
    expect(decodeJwt(body.data.access_token)).toMatchObject({ org_id: ACME, org_bound: true });
  });
  it('asks for the user’s own proof where the account is at stake, unless the organization manages it', async () => {
    const person = await memberOf();
    const token = { name: 'Mine', scopes: ['read'] };
    const linked = await signedInBy(person, { methods: ['mfa', 'pop'] });
    expect(linked.claims).toHaveProperty('second_factor_omitted', true);
    const denied = await linked.caller.post('/api/v1/auth/tokens', token);
    expect(refused(denied)).toEqual([401, 'STEP_UP_REQUIRED']);
    await users(person.userId).update({ managed_by: OTHER });
    expect((await signedInBy(person)).claims).toHaveProperty('second_factor_omitted', true);
    await users(person.userId).update({ managed_by: ACME });
    expect((await signedInBy(person)).claims).not.toHaveProperty('second_factor_omitted');
  });
  it('ends with the sign-in at the provider, and no other does', async () => {
    const person = await memberOf();
    const ending = await signedInBy(person, { login_id: 'one' });
    const staying = await signedInBy(person, { login_id: 'two' });
    const stranger = await signedInBy(await memberOf(), { login_id: 'one' });
    const pending = (await authenticated(person, { login_id: 'one' })).body.data.code;
    const data = { organization_id: ACME, user_id: person.userId, login_id: 'one' };
    // Of another organization with the same words.
    await publishEvent(identity, 'sso', ssoLoginEnded, {
      subject: person.userId,
      data: { ...data, organization_id: OTHER },
    });
    await publishEvent(identity, 'sso', ssoLoginEnded, { subject: person.userId, data });
    await eventually(async () => !(await isActive(ending.sessionId)));
    for (const { sessionId } of [staying, stranger, person]) expect(await isActive(sessionId)).toBe(true);
    expect(refused(await trade(pending))).toEqual([400, 'INVALID_CODE']);
  });
  it('ends with its provider where that is asked for; codes do in any case', async () => {
    const provider_id = 70;
    const person = await memberOf();
    const session = await signedInBy(person, { provider_id });
    const other = await signedInBy(person, { provider_id: 71 });
    const deactivate = (end_sessions: boolean) =>
      publishEvent(identity, 'sso', ssoProviderDeactivated, {
        subject: provider_id,
        data: { organization_id: ACME, provider_id, end_sessions },
      });
    const { code } = (await authenticated(person, { provider_id })).body.data;
    await deactivate(false);
    const left = () => identity.resources.knex('sso_logins').where({ provider_id }).first();
    await eventually(async () => (await left()) === undefined);
    expect(refused(await trade(code))).toEqual([400, 'INVALID_CODE']);
    expect(await isActive(session.sessionId)).toBe(true);
    await deactivate(true);
    await eventually(async () => !(await isActive(session.sessionId)));
    expect(await isActive(other.sessionId)).toBe(true);
  });
  it('tells which sign-in it was when it ends here', async () => {
    const session = await signedInBy(await memberOf(), { login_id: 'saml 1', provider_id: 9 });
    await session.caller.post('/api/v1/auth/logout');
    const told = (await identity.audited(session.userId)).find(
      ({ action, metadata }) => action === sessionRevoked.audit && metadata.session_id === session.sessionId,
    );
    expect(told!.metadata).toMatchObject({
      reason: 'logout',
      sso: { organization_id: ACME, provider_id: 9, login_id: 'saml 1' },
    });
  });
  it('ends when the member is suspended', async () => {
    const session = await signedInBy(await memberOf());
    const data = { organization_id: ACME, user_id: session.userId, status: 'suspended' };
    await publishEvent(identity, 'organization', memberStatusChanged, { subject: session.userId, data });
    await eventually(async () => !(await isActive(session.sessionId)));
  });
});
