import { eventually, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const post = (identity: IdentityUnderTest, path: string, body: unknown) =>
  identity.anonymous().post(`/api/v1/auth/${path}`, body);

describe('codes that an address is sent', () => {
  let identity: IdentityUnderTest;
  beforeAll(async () => {
    let addresses = 0;
    const env = { RATE_LIMIT_SIGNUP_CODE: '3/300', RATE_LIMIT_SIGNUP_CODE_DAILY: '20/86400' };
    // Each request from a network address of its own, so that none of their limits counts.
    identity = await startIdentityUnderTest(env, () => `198.18.0.${++addresses}`);
  });
  afterAll(() => identity.stop());
  const found = (email: string) =>
    identity
      .as(fellowService('organization'))
      .post('/internal/users', { email, password: PASSWORD, display_name: null, ip: null });

  it('are three in five minutes out of ten signups at once, from wherever they come', async () => {
    const email = identity.newAddress();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        identity.anonymous(`192.0.2.${index}`).post('/api/v1/auth/signup', { email, password: PASSWORD }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(3).fill(201),
      ...Array(7).fill(429),
    ]);
    const refused = answers.find(({ status }) => status === 429)!;
    expect([refused.body.error.code, refused.headers.has('retry-after')]).toEqual(['RATE_LIMITED', true]);
    await eventually(
      async () => !(await identity.resources.knex('outgoing_mail').first()),
      'all mails to be sent',
    );
    expect(identity.mail.to(email)).toHaveLength(3);
  });
  it('share one counter: signup, founding an organization, login and resend', async () => {
    const email = identity.newAddress();
    expect((await identity.signUp(email)).status).toBe(201);
    expect((await found(email)).status).toBe(201);
    const { temporary_token } = (await identity.login(email)).body.data;
    await identity.mail.nth(email, 3);

    const resent = await post(identity, 'resend-signup-otp', { email, temporary_token });
    expect([resent.status, resent.headers.has('retry-after')]).toEqual([429, true]);
    expect((await identity.signUp(email)).status).toBe(429);
    // A refused signup has replaced nothing, and a login goes on with the last code.
    const { body } = await identity.login(email);
    const verification = {
      temporary_token: body.data.temporary_token,
      otp_code: await identity.codeOf(email, 3),
    };
    expect((await post(identity, 'verify-otp', verification)).status).toBe(200);
    expect(identity.mail.to(email)).toHaveLength(3);
    expect((await found(identity.newAddress())).status).toBe(201);
  });
  it('are not used up by who does not hold the temporary token', async () => {
    const email = identity.newAddress();
    const { temporary_token } = (await identity.signUp(email)).body.data;
    const resend = (token: string) => post(identity, 'resend-signup-otp', { email, temporary_token: token });
    for (let tries = 0; tries < 5; tries++) expect((await resend('guessed')).status).toBe(401);
    expect((await resend(temporary_token)).status).toBe(200);
  });
  it('leave the tries of the last one as they are when a login brings no new one', async () => {
    const email = identity.newAddress();
    await identity.signUp(email);
    for (let logins = 0; logins < 2; logins++) await identity.login(email);
    const otp_code = wrong(await identity.codeOf(email, 3));
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      const { temporary_token } = (await identity.login(email)).body.data;
      statuses.push((await post(identity, 'verify-otp', { temporary_token, otp_code })).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  });
  it('429 for founding an organization with an address that has had its codes', async () => {
    const email = identity.newAddress();
    for (let signups = 0; signups < 3; signups++) await identity.signUp(email);
    expect((await found(email)).body.error.code).toBe('RATE_LIMITED');
  });
});

describe('wrong codes', () => {
  let identity: IdentityUnderTest;
  beforeAll(async () => {
    identity = await startIdentityUnderTest({ RATE_LIMIT_SIGNUP_CODE_WRONG_DAILY: '12/86400' });
  });
  afterAll(() => identity.stop());
  /** A fresh registration of the address, and the newest code. */
  const registered = async (email: string, mails: number) => {
    const { temporary_token } = (await identity.signUp(email)).body.data;
    return {
      temporary_token,
      otp_code: await identity.codeOf(email, mails),
      token: await identity.linkTokenOf(email, mails),
    };
  };

  it('are so many a day for an address over all codes and registrations; then even the right code waits', async () => {
    const email = identity.newAddress();
    const statuses: number[] = [];
    for (let mails = 1; mails <= 3; mails++) {
      const { temporary_token, otp_code } = await registered(email, mails);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () =>
          post(identity, 'verify-otp', { temporary_token, otp_code: wrong(otp_code) }),
        ),
      );
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(statuses.filter(status => status === 400)).toHaveLength(12);
    expect(statuses.filter(status => status === 429)).toHaveLength(18);

    const { temporary_token, otp_code, token } = await registered(email, 4);
    const refused = await post(identity, 'verify-otp', { temporary_token, otp_code });
    expect([refused.status, refused.body.error.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(86_000);
    // Neither Redis nor another address has to do with it, and who can open the mail is not kept out.
    await identity.resources.redis.flushdb();
    expect((await post(identity, 'verify-otp', { temporary_token, otp_code })).status).toBe(429);
    const { token: _, ...other } = await registered(identity.newAddress(), 1);
    expect((await post(identity, 'verify-otp', other)).status).toBe(200);
    const linked = await post(identity, 'verify-email', { token, temporary_token });
    expect(linked.body.data).toMatchObject({ email, is_verified: true });
  });
  it('count anew when the day is over', async () => {
    const email = identity.newAddress();
    const { knex } = identity.resources;
    await knex('wrong_codes').insert({ subject: email, count: 12, ends_at: new Date(Date.now() + 60_000) });
    const { temporary_token, otp_code } = await registered(email, 1);
    const verify = (code: string) => post(identity, 'verify-otp', { temporary_token, otp_code: code });
    expect((await verify(otp_code)).status).toBe(429);
    await knex('wrong_codes').where({ subject: email }).update({ ends_at: new Date() });
    expect((await verify(wrong(otp_code))).status).toBe(400);
    expect((await knex('wrong_codes').where({ subject: email }).first()).count).toBe(1);
    expect((await verify(otp_code)).status).toBe(200);
  });
});
