import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  identity.anonymous().post(`/api/v1/auth/${path}`, body, { headers });

describe('signup', () => {
  describe('201', () => {
    it('creates an unverified account and no token, and mails code and link', async () => {
      const answer = await identity.signUp('  Ada.Lovelace@Example.COM ', { display_name: ' Ada ' });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        success: true,
        message: expect.any(String),
        data: {
          user_id: expect.any(Number),
          email: 'ada.lovelace@example.com',
          display_name: 'Ada',
          temporary_token: expect.stringMatching(/^[\w-]{43}$/),
          email_verification_required: true,
          message: answer.body.message,
        },
      });
      const mail = await identity.mail.nth('ada.lovelace@example.com', 1);
      expect(mail.text).toMatch(/^\d{6}$/m);
      expect(mail.text).toMatch(/http:\/\/rivergate\.test\/verify-email\?token=[\w-]{43}/);
      expect(mail.html).toContain('Confirm my address');
    });
    it('takes the name from the address, and stores the terms with time and IP', async () => {
      const email = identity.newAddress();
      const { body } = await identity.signUp(email, { terms_version: '2.1' });
      expect(body.data.display_name).toBe(email.split('@')[0]);
      const terms = await identity.resources.knex('terms_acceptances').where({ user_id: body.data.user_id });
      expect(terms).toMatchObject([
        { terms_version: '2.1', ip_address: '192.0.2.7', accepted_at: expect.any(Date) },
      ]);
    });
    it('replaces a registration that was never verified, with password, code, link and token', async () => {
      const email = identity.newAddress();
      const first = await identity.signUp(email, { password: 'First1password' });
      const firstCode = await identity.codeOf(email, 1);
      const firstLink = await identity.linkTokenOf(email, 1);
      const second = await identity.signUp(email);
      expect(second.status).toBe(201);
      expect(second.body.data.user_id).not.toBe(first.body.data.user_id);

      const old = { temporary_token: first.body.data.temporary_token, otp_code: firstCode };
      expect((await post('verify-otp', old)).body.error.code).toBe('INVALID_TOKEN');
      expect((await post('verify-email', { token: firstLink })).body.error.code).toBe('INVALID_TOKEN');
      expect((await identity.login(email, { password: 'First1password' })).status).toBe(401);
      const actions = (await identity.audited(first.body.data.user_id)).map(row => row.action);
      expect(actions).toEqual(['user.registered', 'auth.signup_code.sent', 'user.removed']);
    });
    it('answers the same to the same idempotency key, and makes no second user and no second mail', async () => {
      const email = identity.newAddress();
      const body = { email, password: PASSWORD, idempotency_key: 'signup-1' };
      const [first, second] = [await post('signup', body), await post('signup', body)];
      expect(second.status).toBe(201);
      expect(second.body).toEqual(first.body);
      const other = identity.newAddress();
      await identity.signUp(other);
      await identity.mail.nth(other, 1);
      expect(identity.mail.to(email)).toHaveLength(1);
      expect((await post('signup', { ...body, display_name: 'Other' })).body.error.code).toBe(
        'IDEMPOTENCY_CONFLICT',
      );
    });
    it('makes one account out of signups that arrive together', async () => {
      const email = identity.newAddress();
      const answers = await Promise.all([1, 2, 3, 4].map(() => identity.signUp(email)));
      expect(answers.map(answer => answer.status)).toEqual([201, 201, 201, 201]);
      expect(await identity.resources.knex('email_addresses').where({ email })).toHaveLength(1);
    });
  });

  describe('409', () => {
    it('refuses an address that a verified user has, in any case', async () => {
      const { email } = await identity.person();
      const answer = await identity.signUp(email.toUpperCase());
      expect([answer.status, answer.body.error.code]).toEqual([409, 'EMAIL_TAKEN']);
    });
  });

  describe('422', () => {
    it.each([
      ['short', 'Sh0rt'],
      ['long', `Aa1${'x'.repeat(126)}`],
      ['without upper case', 'lower1case'],
      ['without lower case', 'UPPER1CASE'],
      ['without a digit', 'NoDigitsHere'],
    ])('refuses a password that is %s', async (_, password) => {
      const { status, body } = await identity.signUp(identity.newAddress(), { password });
      expect([status, body.error.code]).toEqual([422, 'INVALID_PASSWORD']);
      expect(body.error.details.length).toBeGreaterThan(0);
    });
    it('accepts the longest password there may be, counted in characters', async () => {
      expect(
        (await identity.signUp(identity.newAddress(), { password: `Aa1${'😀'.repeat(125)}` })).status,
      ).toBe(201);
    });
    it.each([
      ['no address', { email: 'nobody' }],
      ['an address of 255 characters', { email: `${'a'.repeat(243)}@example.com` }],
      ['an address with letters beyond ASCII', { email: 'kärl@example.com' }],
      ['an address that lower-casing would make ASCII', { email: 'boo\u212A@example.com' }],
      ['an address with a line break', { email: 'a@example.com\r\nBcc: b@example.com' }],
      ['NUL in the name', { display_name: 'a\0b' }],
      ['half a surrogate pair in the name', { display_name: '\ud800' }],
      ['a line break in the name', { display_name: 'a\nb' }],
      ['an empty name', { display_name: '   ' }],
      ['a name of 101 characters', { display_name: 'x'.repeat(101) }],
      ['refused terms', { agree_to_terms: false }],
      ['a number for a password', { password: 12345678 }],
      ['a field that nobody knows', { is_system_admin: true }],
    ])('refuses %s', async (_, wrong) => {
      const { status, body } = await identity.signUp(identity.newAddress(), wrong);
      expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    });
  });
});

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

describe('verify-email', () => {
  it('200 with tokens at first, then 200 without', async () => {
    const email = identity.newAddress();
    const { body: registered } = await identity.signUp(email);
    const token = await identity.linkTokenOf(email);
    const first = await post('verify-email', { token });
    expect(first.body.data).toMatchObject({
      user_id: registered.data.user_id,
      email,
      is_verified: true,
      expires_in: 3600,
    });
    const second = await post('verify-email', { token });
    expect(second.status).toBe(200);
    expect(second.body.data).toMatchObject({
      access_token: null,
      refresh_token: null,
      token_type: null,
      expires_in: null,
    });
    const code = { temporary_token: registered.data.temporary_token, otp_code: await identity.codeOf(email) };
    expect((await post('verify-otp', code)).status).toBe(401);
  });
  it('400 for a link that is unknown, replaced by a resend, or of a suspended account', async () => {
    expect((await post('verify-email', { token: 'nonsense' })).body.error.code).toBe('INVALID_TOKEN');
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const old = await identity.linkTokenOf(email);
    await post('resend-signup-otp', { email, temporary_token: body.data.temporary_token });
    expect((await post('verify-email', { token: old })).status).toBe(400);
    await identity.resources
      .knex('users')
      .where({ id: body.data.user_id })
      .update({ disabled_at: new Date() });
    expect((await post('verify-email', { token: await identity.linkTokenOf(email, 2) })).status).toBe(400);
  });
  it('410 past its life', async () => {
    const email = identity.newAddress();
    const { body } = await identity.signUp(email);
    const verification = identity.resources
      .knex('address_verifications')
      .where({ user_id: body.data.user_id });
    await verification.update({ link_expires_at: new Date() });
    expect((await post('verify-email', { token: await identity.linkTokenOf(email) })).body.error.code).toBe(
      'TOKEN_EXPIRED',
    );
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
    await post('verify-email', { token: await identity.linkTokenOf(email) });
    const { status, body: refused } = await post('resend-signup-otp', { email, temporary_token });
    expect([status, refused.error.code]).toEqual([409, 'EMAIL_ALREADY_VERIFIED']);
  });
});
