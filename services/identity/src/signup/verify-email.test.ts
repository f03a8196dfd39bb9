import * as secrets from '@rivergate/secrets';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';

vi.mock('@rivergate/secrets', { spy: true });

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  identity.anonymous().post(`/api/v1/auth/${path}`, body, { headers });

const sent = new Map<string, number>();
/** Someone registers the address, as its owner or not. */
const registered = async (email = identity.newAddress(), more = {}) => {
  const { body } = await identity.signUp(email, more);
  const { user_id: userId, temporary_token } = body.data;
  sent.set(email, (sent.get(email) ?? 0) + 1);
  return { email, userId, temporary_token, token: await identity.linkTokenOf(email, sent.get(email)) };
};
const NO_TOKENS = { access_token: null, refresh_token: null, token_type: null, expires_in: null };
const OWN_PASSWORD = 'Owners1choice';

describe('verify-email', () => {
  it('200 with tokens for who registered, then 200 without', async () => {
    const { email, userId, temporary_token, token } = await registered();
    const first = await post('verify-email', { token, temporary_token });
    expect(first.body.data).toMatchObject({
      user_id: userId,
      email,
      is_verified: true,
      expires_in: 3600,
    });
    const second = await post('verify-email', { token });
    expect([second.status, second.body.data]).toEqual([
      200,
      {
        ...NO_TOKENS,
        user_id: userId,
        email,
        is_verified: true,
        message: expect.any(String),
      },
    ]);
    const code = { temporary_token, otp_code: await identity.codeOf(email) };
    expect((await post('verify-otp', code)).status).toBe(401);
    expect((await identity.login(email)).body.data.is_verified).toBe(true);
  });
  it('opens one session for the same link sent ten times at once', async () => {
    const { userId, temporary_token, token } = await registered();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post('verify-email', { token, temporary_token })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.filter(({ body }) => body.data.access_token)).toHaveLength(1);
    expect(await identity.resources.knex('sessions').where({ user_id: userId })).toHaveLength(1);
  });
  it('400 for a link that is unknown, replaced by a resend, or of a suspended account', async () => {
    expect((await post('verify-email', { token: 'nonsense' })).body.error.code).toBe('INVALID_TOKEN');
    const { email, userId, temporary_token, token } = await registered();
    const resent = await post('resend-signup-otp', { email, temporary_token });
    for (const more of [{}, { temporary_token }, { new_password: OWN_PASSWORD }])
      expect((await post('verify-email', { token, ...more })).status).toBe(400);
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    const newest = { token: await identity.linkTokenOf(email, 2) };
    const { temporary_token: newer } = resent.body.data;
    for (const more of [{}, { temporary_token: newer }, { new_password: OWN_PASSWORD }])
      expect((await post('verify-email', { ...newest, ...more })).status).toBe(400);
  });
  it('410 past its life, whatever comes with it', async () => {
    const { userId, temporary_token, token } = await registered();
    const verification = identity.resources.knex('address_verifications').where({ user_id: userId });
    await verification.update({ link_expires_at: new Date() });
    for (const more of [{}, { temporary_token }, { new_password: OWN_PASSWORD }])
      expect((await post('verify-email', { token, ...more })).body.error.code).toBe('TOKEN_EXPIRED');
  });
  it('422 for a new password against the policy, and the link stays good', async () => {
    const { token } = await registered();
    expect((await post('verify-email', { token, new_password: 'weak' })).body.error.code).toBe(
      'VALIDATION_ERROR',
    );
    expect((await post('verify-email', { token, new_password: OWN_PASSWORD })).status).toBe(200);
  });
});

describe('an address that a stranger registered', () => {
  const attackersPassword = 'Attackers1choice';
  const attacked = () =>
    registered(identity.newAddress(), { password: attackersPassword, display_name: 'Attacker' });

  it('is not verified by its owner opening the mailed link: a password is asked for', async () => {
    const { email, userId, token } = await attacked();
    const { status, body } = await post('verify-email', { token });
    expect([status, body.data]).toEqual([
      200,
      {
        ...NO_TOKENS,
        user_id: userId,
        email,
        is_verified: false,
        password_required: true,
        message: expect.any(String),
      },
    ]);
    const login = await identity.login(email, { password: attackersPassword });
    expect(login.body.data).not.toHaveProperty('access_token');
    expect(await identity.resources.knex('sessions').where({ user_id: userId })).toEqual([]);
  });
  it('becomes the account of who opens the link and sets a password; nothing of the stranger stays', async () => {
    const { email, userId, temporary_token, token } = await attacked();
    const code = await identity.codeOf(email);
    await identity.login(email, { password: attackersPassword, remember_me: true });
    const newest = await identity.linkTokenOf(email, 2);
    expect((await post('verify-email', { token, new_password: OWN_PASSWORD })).status).toBe(400);
    const { status, body } = await post('verify-email', { token: newest, new_password: OWN_PASSWORD });
    expect([status, body.data]).toMatchObject([200, { email, is_verified: true }]);

    const owner = identity.personOf({ ...(await identity.login(email, { password: OWN_PASSWORD })) }, email);
    expect(owner.userId).toBe(body.data.user_id);
    expect(owner.userId).not.toBe(userId);
    const me = (await owner.caller.get('/api/v1/auth/me')).body.data;
    expect(me.user.display_name).toBe(email.split('@')[0]);
    const [session] = await identity.resources
      .knex('sessions')
      .where({ user_id: owner.userId })
      .orderBy('id');
    expect(session.remember_me).toBe(false);

    expect((await identity.login(email, { password: attackersPassword })).status).toBe(401);
    for (const otp_code of [code, await identity.codeOf(email, 2)])
      expect((await post('verify-otp', { temporary_token, otp_code })).status).toBe(401);
    const removed = (await identity.audited(userId)).at(-1);
    expect(removed).toMatchObject({ action: 'user.removed', metadata: { reason: 'claimed_by_mailbox' } });
    expect(await identity.resources.knex('users').where({ id: userId })).toEqual([]);
    expect((await identity.audited(owner.userId)).map(({ action }) => action).slice(0, 3)).toEqual([
      'user.registered',
      'user.verified',
      'auth.login.success',
    ]);
  });
  it('is claimed once by the same link sent ten times at once, and the link says so afterwards', async () => {
    const { email, token } = await attacked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post('verify-email', { token, new_password: OWN_PASSWORD })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.filter(({ body }) => body.data.access_token)).toHaveLength(1);
    const later = await post('verify-email', { token, new_password: 'Another3password' });
    expect(later.body.data).toMatchObject({ ...NO_TOKENS, is_verified: true });
    expect((await identity.login(email, { password: OWN_PASSWORD })).status).toBe(200);
  });
  it('is not verified by a temporary token of another registration', async () => {
    const first = await attacked();
    const second = await registered(first.email);
    const foreign = await registered();
    for (const temporary_token of [first.temporary_token, foreign.temporary_token, 'guessed']) {
      const { body } = await post('verify-email', { token: second.token, temporary_token });
      expect(body.data).toMatchObject({ is_verified: false, password_required: true, access_token: null });
    }
    // The link of the registration before is invalid, with the temporary token of that registration as well.
    const old = { token: first.token, temporary_token: first.temporary_token };
    expect((await post('verify-email', old)).status).toBe(400);
  });
  it('is decided once when the stranger and the owner come at the same time', async () => {
    const { email, temporary_token, token } = await attacked();
    const answers = await Promise.all([
      post('verify-email', { token, new_password: OWN_PASSWORD }),
      identity.signUp(email, { password: attackersPassword }),
      identity.login(email, { password: attackersPassword }),
      post('verify-otp', { temporary_token, otp_code: '000000' }),
      post('verify-email', { token, new_password: OWN_PASSWORD }),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const accounts = await identity.resources.knex('email_addresses').where({ email });
    expect(accounts).toHaveLength(1);
    const stranger = await identity.login(email, { password: attackersPassword });
    expect(stranger.body.data ?? {}).not.toHaveProperty('access_token');
  });
  it('costs nobody a hash without a good link', async () => {
    const { token } = await attacked();
    await post('verify-email', { token, new_password: OWN_PASSWORD });
    vi.mocked(secrets.hashPassword).mockClear();
    for (const spent of [token, 'guessed'])
      await post('verify-email', { token: spent, new_password: OWN_PASSWORD });
    expect(secrets.hashPassword).not.toHaveBeenCalled();
  });
});

describe('resend-signup-otp', () => {
  it('401 for a token that is unknown, replaced, expired, or of another address', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const temporary_token = body.data.temporary_token;
    const resend = (change: object) => post('resend-signup-otp', { email, temporary_token, ...change });
    expect((await resend({ temporary_token: 'unknown' })).body.error.code).toBe('INVALID_TOKEN');
    expect((await resend({ email: identity.newAddress() })).status).toBe(401);
    const verification = identity.resources
      .knex('address_verifications')
      .where({ user_id: body.data.user_id });
    await verification.clone().update({ temporary_token_expires_at: new Date() });
    expect((await resend({})).status).toBe(401);
    await verification.clone().update({ temporary_token_expires_at: new Date(Date.now() + 60_000) });
    expect((await resend({})).status).toBe(200);
    expect((await resend({})).status).toBe(401);
  });
  it('409 when the address is verified', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const temporary_token = body.data.temporary_token;
    await post('verify-email', { token: await identity.linkTokenOf(email), temporary_token });
    const { status, body: refused } = await post('resend-signup-otp', { email, temporary_token });
    expect([status, refused.error.code]).toEqual([409, 'EMAIL_ALREADY_VERIFIED']);
  });
});
