import { fellowService } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const organization = () => identity.as(fellowService('organization'));
const create = (email: string, more = {}) =>
  organization().post('/internal/users', {
    email,
    password: PASSWORD,
    display_name: null,
    ip: '198.51.100.9',
    ...more,
  });
const withdraw = (userId: number) => organization().delete(`/internal/users/${userId}`);

describe('an account that another service creates', () => {
  it('201 is unverified, and mails code and link', async () => {
    const email = identity.newAddress();
    const { status, body } = await create(email.toUpperCase(), { display_name: 'Chief' });
    const account = { user_id: expect.any(Number), email, display_name: 'Chief' };
    expect([status, body.data]).toEqual([201, { ...account, temporary_token: expect.any(String) }]);
    const terms = await identity.resources.knex('terms_acceptances').where({ user_id: body.data.user_id });
    expect(terms).toMatchObject([{ ip_address: '198.51.100.9' }]);
    const token = await identity.linkTokenOf(email);
    identity.organization.startsAt.set(body.data.user_id, { organization_id: 5, workspace_id: 6 });
    const { temporary_token } = body.data;
    const verified = await identity.anonymous().post('/api/v1/auth/verify-email', { token, temporary_token });
    expect(verified.status).toBe(200);
    // It was made for an organization, and starts there rather than in the personal one.
    expect(decodeJwt(verified.body.data.access_token).org_id).toBe(5);
  });
  it('is verified by the code, for who made it', async () => {
    const email = identity.newAddress();
    const { temporary_token } = (await create(email)).body.data;
    const verification = { temporary_token, otp_code: await identity.codeOf(email) };
    const { status, body } = await identity.anonymous().post('/api/v1/auth/verify-otp', verification);
    expect([status, body.data.is_verified]).toEqual([200, true]);
  });
  it('is not what the mailbox gets by its link alone: who sets a password gets an account without the organization', async () => {
    const email = identity.newAddress();
    const { user_id: userId } = (await create(email)).body.data;
    const token = await identity.linkTokenOf(email);
    const verify = (more = {}) => identity.anonymous().post('/api/v1/auth/verify-email', { token, ...more });
    expect((await verify()).body.data).toMatchObject({ password_required: true, access_token: null });
    const { body } = await verify({ new_password: 'Owners1choice' });
    expect(body.data).toMatchObject({ email, is_verified: true, access_token: expect.any(String) });
    expect(body.data.user_id).not.toBe(userId);
    // Organization ends on this event what the account had founded.
    expect((await identity.audited(userId)).at(-1)!.action).toBe('user.removed');
  });
  it('takes the place of a self-registration, and refuses another one like it', async () => {
    const email = identity.newAddress();
    await identity.signUp(email);
    expect((await create(email)).status).toBe(201);
    expect((await create(email)).body.error.code).toBe('EMAIL_TAKEN');
  });
  it('reserves the address for nobody: the next signup takes over, with an event that says so', async () => {
    const email = identity.newAddress();
    const { user_id: userId, temporary_token } = (await create(email)).body.data;
    const otp_code = await identity.codeOf(email);
    const signedUp = await identity.signUp(email, { password: 'Owners1choice' });
    expect(signedUp.status).toBe(201);
    expect((await identity.audited(userId)).at(-1)).toMatchObject({
      action: 'user.removed',
      metadata: { user_id: userId, reason: 'replaced_by_signup' },
    });
    expect((await identity.login(email)).status).toBe(401);
    const old = { temporary_token, otp_code };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', old)).status).toBe(401);
  });
  it('is one account out of ten signups and foundings at once', async () => {
    const email = identity.newAddress();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? create(email) : identity.signUp(email))),
    );
    for (const { status } of answers) expect([201, 409]).toContain(status);
    expect(await identity.resources.knex('email_addresses').where({ email })).toHaveLength(1);
    const made = answers.filter(({ status }) => status === 201);
    const ends = await Promise.all(
      made.map(async ({ body }) => (await identity.audited(body.data.user_id)).at(-1)!.action),
    );
    expect(ends.filter(action => action === 'user.removed')).toHaveLength(made.length - 1);
  });
  it('is led to the verification by a login', async () => {
    const email = identity.newAddress();
    await create(email);
    const { body } = await identity.login(email);
    expect(body.data.email_verification_required).toBe(true);
    const verification = {
      temporary_token: body.data.temporary_token,
      otp_code: await identity.codeOf(email, 2),
    };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).toBe(200);
  });
  it('422 for a weak password', async () => {
    expect((await create(identity.newAddress(), { password: 'weak' })).body.error.code).toBe(
      'INVALID_PASSWORD',
    );
  });
  it('401 for everybody but a service', async () => {
    const body = { email: identity.newAddress(), password: PASSWORD, display_name: null, ip: null };
    expect((await identity.anonymous().post('/internal/users', body)).status).toBe(401);
    expect((await (await identity.person()).caller.post('/internal/users', body)).status).toBe(401);
  });
});

describe('taking an account back', () => {
  it('204 frees the address', async () => {
    const email = identity.newAddress();
    const { body } = await create(email);
    expect((await withdraw(body.data.user_id)).status).toBe(204);
    expect((await identity.signUp(email)).status).toBe(201);
    expect((await withdraw(body.data.user_id)).body.error.code).toBe('USER_NOT_FOUND');
  });
  it('409 once it is verified', async () => {
    const { userId } = await identity.person();
    expect((await withdraw(userId)).body.error.code).toBe('ACCOUNT_VERIFIED');
  });
});

describe('an account that an administrator makes for somebody else', () => {
  const createFor = (email: string, more = {}) => create(email, { member_of: 7, password: null, ...more });

  it('is verified by the mailbox alone, which sets a password of its own and keeps the account', async () => {
    for (const password of [null, PASSWORD]) {
      const email = identity.newAddress();
      const { user_id: userId } = (await createFor(email, { password })).body.data;
      const token = await identity.linkTokenOf(email);
      const verify = (more = {}) =>
        identity.anonymous().post('/api/v1/auth/verify-email', { token, ...more });
      expect((await verify()).body.data).toMatchObject({ password_required: true, access_token: null });
      const { body } = await verify({ new_password: 'Owners1choice' });
      expect(body.data).toMatchObject({
        user_id: userId,
        is_verified: true,
        access_token: expect.any(String),
      });
      const logIn = (given: string) =>
        identity.anonymous().post('/api/v1/auth/login', { email, password: given });
      expect((await logIn('Owners1choice')).status).toBe(200);
      expect((await logIn(PASSWORD)).status).toBe(401);
      expect(await identity.resources.knex('terms_acceptances').where({ user_id: userId })).toHaveLength(1);
    }
  });
  it('with a password is verified at the first login', async () => {
    const email = identity.newAddress();
    await createFor(email, { password: PASSWORD });
    const login = await identity.anonymous().post('/api/v1/auth/login', { email, password: PASSWORD });
    const { temporary_token, email_verification_required } = login.body.data;
    expect(email_verification_required).toBe(true);
    const verification = { temporary_token, otp_code: await identity.codeOf(email, 2) };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).toBe(200);
  });
  it('gives way to who signs up with the address', async () => {
    const email = identity.newAddress();
    const { user_id: userId } = (await createFor(email)).body.data;
    const signup = { email, password: PASSWORD, display_name: 'Owner' };
    expect((await identity.anonymous().post('/api/v1/auth/signup', signup)).status).toBeLessThan(300);
    expect((await identity.audited(userId)).at(-1)!.action).toBe('user.removed');
  });
  it('422 for a password that breaks the policy of the organization', async () => {
    const policy = {
      organization_id: 7,
      revision: 1,
      session_seconds: 1,
      remembered_session_seconds: 1,
      access_token_seconds: 1,
      refresh_token_seconds: 1,
      password_min_length: 20,
      password_special_character: true,
    };
    await identity.resources.knex('organization_policies').insert(policy);
    const refused = await createFor(identity.newAddress(), { password: PASSWORD });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'INVALID_PASSWORD']);
    expect(refused.body.error.details).toHaveLength(2);
  });
});
