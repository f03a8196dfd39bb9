import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  identity.anonymous().post(`/api/v1/auth/${path}`, body, { headers });

describe('verify-otp', () => {
  const started = async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    return {
      email,
      userId: body.data.user_id,
      token: body.data.temporary_token,
      code: await identity.codeOf(email),
    };
  };
  const verify = (temporary_token: string, otp_code: string) =>
    post('verify-otp', { temporary_token, otp_code });
  const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

  describe('200', () => {
    it('opens a session in the personal organization', async () => {
      const { email, userId, token, code } = await started();
      const { status, body } = await verify(token, code);
      expect(status).toBe(200);
      expect(body.data).toEqual({
        access_token: expect.any(String),
        refresh_token: expect.stringMatching(/^[\w-]{43}$/),
        token_type: 'bearer',
        expires_in: 3600,
        user_id: userId,
        email,
        is_verified: true,
        message: body.message,
      });
      expect(decodeJwt(body.data.access_token)).toMatchObject({
        iss: 'http://rivergate.test',
        aud: 'rivergate',
        sub: String(userId),
        org_id: 1000 + userId,
        amr: ['otp'],
        scope: '',
      });
      const session = await identity.resources.knex('sessions').where({ user_id: userId }).first();
      expect(session).toMatchObject({
        organization_id: 1000 + userId,
        workspace_id: 2000 + userId,
        remember_me: false,
      });
      expect((await identity.audited(userId)).map(row => row.action)).toEqual([
        'user.registered',
        'auth.signup_code.sent',
        'user.verified',
        'auth.login.success',
      ]);
    });
    it('succeeds without an organization while that service is down; a refresh finds it later', async () => {
      const { userId, token, code } = await started();
      identity.organization.down = true;
      const { status, body } = await verify(token, code);
      identity.organization.down = false;
      expect(status).toBe(200);
      expect(decodeJwt(body.data.access_token).org_id).toBeNull();
      const refreshed = await post('refresh', { refresh_token: body.data.refresh_token });
      expect(decodeJwt(refreshed.body.data.access_token).org_id).toBe(1000 + userId);
      const again = await post('refresh', { refresh_token: refreshed.body.data.refresh_token });
      expect(decodeJwt(again.body.data.access_token).org_id).toBe(1000 + userId);
    });
    it('lasts as long as the login that led there asked for', async () => {
      const { email, userId } = await started();
      const login = await identity.login(email, { remember_me: true });
      expect(login.body.data).toEqual({
        temporary_token: expect.any(String),
        email_verification_required: true,
        message: expect.any(String),
      });
      const { status } = await verify(login.body.data.temporary_token, await identity.codeOf(email, 2));
      expect(status).toBe(200);
      const session = await identity.resources.knex('sessions').where({ user_id: userId }).first();
      expect(session.expires_at - session.created_at).toBe(30 * 86_400_000);
    });
  });

  it('400 for a wrong code, five times; then 429 even for the right one, until a resend', async () => {
    const { email, userId, token, code } = await started();
    for (let tries = 0; tries < 5; tries++) {
      expect((await verify(token, wrong(code))).body.error.code).toBe('INVALID_OTP');
    }
    const { status, body } = await verify(token, code);
    expect([status, body.error.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
    expect(
      (await identity.audited(userId)).filter(row => row.action === 'auth.verification.failure'),
    ).toHaveLength(5);

    const resent = await post('resend-signup-otp', { email, temporary_token: token });
    expect(resent.status).toBe(200);
    expect((await verify(token, await identity.codeOf(email, 2))).body.error.code).toBe('INVALID_TOKEN');
    expect((await verify(resent.body.data.temporary_token, await identity.codeOf(email, 2))).status).toBe(
      200,
    );
  });
  it('counts every one of many wrong codes that arrive together', async () => {
    const { token, code } = await started();
    const answers = await Promise.all(Array.from({ length: 12 }, () => verify(token, wrong(code))));
    expect(answers.filter(answer => answer.status === 400)).toHaveLength(5);
    expect((await verify(token, code)).status).toBe(429);
  });
  it('401 for a token that is unknown or spent', async () => {
    const { token, code } = await started();
    expect((await verify('x'.repeat(43), code)).body.error.code).toBe('INVALID_TOKEN');
    expect((await verify(token, code)).status).toBe(200);
    expect((await verify(token, code)).status).toBe(401);
  });
  it('401 for a suspended account', async () => {
    const { userId, token, code } = await started();
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expect((await verify(token, code)).status).toBe(401);
  });
  it('410 after ten minutes', async () => {
    const { userId, token, code } = await started();
    await identity.resources
      .knex('address_verifications')
      .where({ user_id: userId })
      .update({ code_expires_at: new Date(), temporary_token_expires_at: new Date() });
    expect((await verify(token, code)).body.error.code).toBe('OTP_EXPIRED');
  });
  it('opens one session for the same code sent twice at once', async () => {
    const { userId, token, code } = await started();
    const answers = await Promise.all([verify(token, code), verify(token, code)]);
    expect(answers.map(answer => answer.status).sort()).toEqual([200, 401]);
    expect(await identity.resources.knex('sessions').where({ user_id: userId })).toHaveLength(1);
  });
  it.each([['12345'], ['1234567'], ['12345a'], ['１２３４５６'], [' 12345'], [123456]])(
    '422 for the code %s',
    async code => {
      expect((await post('verify-otp', { temporary_token: 'x', otp_code: code })).status).toBe(422);
    },
  );
});
