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
      const caller = identity.anonymous('192.0.2.71');
      const signup = (more = {}) => caller.post('/api/v1/auth/signup', { ...body, ...more });
      const [first, second] = [await signup(), await signup()];
      expect(second.status).toBe(201);
      expect(second.body).toEqual(first.body);
      const other = identity.newAddress();
      await identity.signUp(other);
      await identity.mail.nth(other, 1);
      expect(identity.mail.to(email)).toHaveLength(1);
      expect((await signup({ display_name: 'Other' })).body.error.code).toBe('IDEMPOTENCY_CONFLICT');
    });
    it('tells a stranger with the same key and body nothing of the first answer', async () => {
      const body = { email: identity.newAddress(), password: PASSWORD, idempotency_key: 'signup-1' };
      const first = await post('signup', body);
      const stranger = await identity.anonymous('198.51.100.77').post('/api/v1/auth/signup', body);
      expect(stranger.body.data?.temporary_token).not.toBe(first.body.data.temporary_token);
      expect(stranger.headers.has('idempotency-replayed')).toBe(false);
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
