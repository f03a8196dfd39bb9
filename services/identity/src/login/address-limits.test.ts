import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

describe('limits of a network address', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    limited = await startIdentityUnderTest({ RATE_LIMIT_LOGIN: '5/900', RATE_LIMIT_SIGNUP: '3/300' });
  });
  afterAll(() => limited.stop());

  it('are not used up by passwords that break the policy, nor by a retry of the same signup', async () => {
    const caller = limited.anonymous('192.0.2.61');
    const email = limited.newAddress();
    const signup = (body: object) => caller.post('/api/v1/auth/signup', { email, ...body });
    for (let tries = 0; tries < 5; tries++) expect((await signup({ password: 'weak' })).status).toBe(422);
    const body = { password: PASSWORD, idempotency_key: 'signup' };
    for (let tries = 0; tries < 5; tries++) expect((await signup(body)).status).toBe(201);
    expect((await signup({ password: PASSWORD })).headers.get('x-ratelimit-remaining')).toBe('1');
  });
  it('are not used up by logins of the wrong form, nor by a retry of the same login', async () => {
    const { email } = await limited.person();
    const caller = limited.anonymous('192.0.2.62');
    const login = (body: object, headers = {}) => caller.post('/api/v1/auth/login', body, { headers });
    for (let tries = 0; tries < 10; tries++) expect((await login({ email })).status).toBe(422);
    const key = { 'idempotency-key': randomUUID() };
    const body = { email, password: PASSWORD };
    const first = await login(body, key);
    for (let tries = 0; tries < 10; tries++) expect((await login(body, key)).body).toEqual(first.body);
    expect((await login(body)).headers.get('x-ratelimit-remaining')).toBe('3');
  });
  it('429 at the sixth login, whatever the address, and says which limit it is', async () => {
    const caller = limited.anonymous('192.0.2.63');
    const statuses = [];
    for (let tries = 0; tries < 6; tries++) {
      const body = { email: limited.newAddress(), password: 'Wrong1password' };
      const answer = await caller.post('/api/v1/auth/login', body);
      statuses.push(answer.status);
      if (answer.status === 429) expect(answer.body.error.message).toContain('"login" is 5 in 15 minutes');
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });
});

describe('limits of a mail address', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    let addresses = 0;
    const env = {
      RATE_LIMIT_LOGIN: '5/900',
      RATE_LIMIT_SIGNUP_CODE: '3/300',
      RATE_LIMIT_SIGNUP_CODE_DAILY: '20/86400',
    };
    // Of no network address so many that its own limits count.
    limited = await startIdentityUnderTest(env, () => `198.18.0.${++addresses}`);
  });
  afterAll(() => limited.stop());

  it('429 at the sixth wrong login, whatever the IP, with Retry-After, known address or not', async () => {
    const { email, userId } = await limited.person();
    for (const address of [email, 'nobody@example.com']) {
      const statuses: number[] = [];
      for (let tries = 1; tries <= 6; tries++) {
        const wrong = { email: address, password: 'Wrong1password' };
        const answer = await limited.anonymous(`192.0.2.${tries}`).post('/api/v1/auth/login', wrong);
        statuses.push(answer.status);
        if (tries === 6) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800);
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    }
    expect((await limited.login(email)).body.error.code).toBe('RATE_LIMITED');
    expect((await limited.audited(userId)).at(-1)!.metadata.reason).toBe('rate_limited');
  });
  it('is cleared by a completed login', async () => {
    const { email } = await limited.person();
    for (let round = 0; round < 2; round++) {
      for (let tries = 0; tries < 4; tries++) await limited.login(email, { password: 'Wrong1password' });
      expect((await limited.login(email)).status).toBe(200);
    }
  });
  it('lets a login go on without a new code when there are none left, and the last code count', async () => {
    const email = limited.newAddress();
    await limited.signUp(email);
    let token = '';
    for (let logins = 0; logins < 4; logins++) token = (await limited.login(email)).body.data.temporary_token;
    const otp_code = await limited.codeOf(email, 4);
    const { status } = await limited
      .anonymous()
      .post('/api/v1/auth/verify-otp', { temporary_token: token, otp_code });
    expect(status).toBe(200);
    expect(limited.mail.to(email)).toHaveLength(4);
  });
  it('429 for a resend beyond three in five minutes', async () => {
    const email = limited.newAddress();
    let { temporary_token } = (await limited.signUp(email)).body.data;
    for (let resends = 0; resends < 3; resends++) {
      const { status, body } = await limited
        .anonymous()
        .post('/api/v1/auth/resend-signup-otp', { email, temporary_token });
      expect(status).toBe(200);
      temporary_token = body.data.temporary_token;
    }
    const { status, headers } = await limited
      .anonymous()
      .post('/api/v1/auth/resend-signup-otp', { email, temporary_token });
    expect([status, headers.has('retry-after')]).toEqual([429, true]);
  });
  it('never lets wrong codes count from zero without a new code', async () => {
    const email = limited.newAddress();
    await limited.signUp(email);
    for (let logins = 0; logins < 3; logins++) await limited.login(email);
    const code = await limited.codeOf(email, 4);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const statuses: number[] = [];
    let { temporary_token } = (await limited.login(email)).body.data;
    for (let tries = 0; tries < 6; tries++) {
      const answer = await limited
        .anonymous()
        .post('/api/v1/auth/verify-otp', { temporary_token, otp_code: wrong });
      statuses.push(answer.status);
      if (tries === 2) await limited.resources.limiter.clear('login', `address ${email}`);
      if (tries === 2) temporary_token = (await limited.login(email)).body.data.temporary_token;
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  });
  it('is not used up by who does not hold the token', async () => {
    const email = limited.newAddress();
    const { temporary_token } = (await limited.signUp(email)).body.data;
    for (let tries = 0; tries < 5; tries++) {
      const stolen = { email, temporary_token: 'guessed' };
      expect((await limited.anonymous().post('/api/v1/auth/resend-signup-otp', stolen)).status).toBe(401);
    }
    const resent = await limited
      .anonymous()
      .post('/api/v1/auth/resend-signup-otp', { email, temporary_token });
    expect(resent.status).toBe(200);
  });
});
