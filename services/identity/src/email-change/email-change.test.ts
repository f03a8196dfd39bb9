import { byToken, eventually, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const PATH = '/api/v1/auth/me/email';
const request = ({ caller }: Person, new_email: unknown) => caller.post(`${PATH}/request`, { new_email });
const verify = ({ caller }: Person, new_email: string, otp_code: string) =>
  caller.post(`${PATH}/verify`, { new_email, otp_code });
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');
const pending = (userId: number) => identity.resources.knex('email_changes').where({ user_id: userId });
const emailsOf = async ({ caller }: Person) => (await caller.get('/api/v1/auth/me')).body.data.emails;

/** A person who has asked for the change, with the code that was mailed. */
async function asked(newEmail = identity.newAddress()) {
  const person = await identity.person();
  expect((await request(person, newEmail)).status).toBe(200);
  return { person, newEmail, code: await identity.codeOf(newEmail) };
}

describe('an email change', () => {
  it('200 changes nothing until the code from the new mailbox comes', async () => {
    const person = await identity.person();
    const newEmail = identity.newAddress();
    const { status, body } = await request(person, ` ${newEmail.toUpperCase()} `);
    expect([status, body.data]).toEqual([200, { new_email: newEmail, message: body.message }]);
    expect(await emailsOf(person)).toMatchObject([{ email: person.email, is_primary: true }]);
    expect((await identity.login(newEmail)).status).toBe(401);

    const done = await verify(person, newEmail, await identity.codeOf(newEmail));
    const data = { old_email: person.email, new_email: newEmail, message: done.body.message };
    expect([done.status, done.body.data]).toEqual([200, data]);
    expect(await emailsOf(person)).toMatchObject([
      { email: newEmail, is_primary: true, verified: true },
      { email: person.email, is_primary: false, verified: true },
    ]);
  });
  it('lets only the new address log in and be sent reset links; sessions go on', async () => {
    const { person, newEmail, code } = await asked();
    await identity.anonymous().post('/api/v1/auth/forgot-password', { email: person.email });
    const link = /token=([\w-]+)/.exec((await identity.mail.nth(person.email, 2)).text)![1];
    await verify(person, newEmail, code);
    expect((await identity.login(person.email)).status).toBe(401);
    expect((await identity.login(newEmail)).body.data).toMatchObject({ user_id: person.userId });
    expect((await person.caller.get('/api/v1/auth/me')).status).toBe(200);
    // The link that the old mailbox got before the change ends with it.
    const reset = { token: link, new_password: 'Brand2new!' };
    expect((await identity.anonymous().post('/api/v1/auth/reset-password', reset)).status).toBe(400);
  });
  it('tells the old address, and audits: hashed when it is asked for, both addresses when it is done', async () => {
    const { person, newEmail, code } = await asked();
    await verify(person, newEmail, code);
    const notice = await identity.mail.nth(person.email, 2);
    expect([notice.subject, notice.text.includes(newEmail)]).toEqual([
      'Your email address was changed',
      true,
    ]);
    const entries = await identity.audited(person.userId);
    const [requested, changed] = entries.filter(({ action }) => action.startsWith('user.email_change'));
    expect(requested!.action).toBe('user.email_change_requested');
    expect(requested!.metadata.new_email_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(requested)).not.toContain(newEmail);
    expect(changed).toMatchObject({
      action: 'user.email_changed',
      metadata: { old_email: person.email, new_email: newEmail },
    });
  });
  it('goes back to an address on file', async () => {
    const { person, newEmail, code } = await asked();
    await verify(person, newEmail, code);
    expect((await request(person, person.email)).status).toBe(200);
    const back = await identity.codeOf(person.email, 3);
    expect((await verify(person, person.email, back)).status).toBe(200);
    expect(await emailsOf(person)).toMatchObject([
      { email: person.email, is_primary: true },
      { email: newEmail, is_primary: false },
    ]);
  });
});

describe('asking for it', () => {
  it('400 for the current address, and for one that belongs to another user in any way', async () => {
    const { person, newEmail, code } = await asked();
    const other = await identity.person();
    expect((await request(other, other.email)).body.error.code).toBe('EMAIL_UPDATE_REQUEST_FAILED');
    expect((await request(other, person.email)).body.error.code).toBe('EMAIL_ALREADY_TAKEN');
    await verify(person, newEmail, code);
    for (const address of [person.email, newEmail]) {
      const { status, body } = await request(other, address);
      expect([status, body.error.code]).toEqual([400, 'EMAIL_ALREADY_TAKEN']);
    }
    expect((await identity.signUp(person.email)).body.error.code).toBe('EMAIL_TAKEN');
  });
  it('replaces the pending request: an earlier code is void, for its address and for the new one', async () => {
    const { person, newEmail, code } = await asked();
    const another = identity.newAddress();
    await request(person, another);
    expect((await verify(person, newEmail, code)).body.error.code).toBe('EMAIL_UPDATE_VERIFY_FAILED');
    expect((await verify(person, another, code)).body.error.code).toBe('INVALID_OTP');
    await request(person, another);
    const first = await identity.codeOf(another, 1);
    expect((await verify(person, another, first)).body.error.code).toBe('INVALID_OTP');
    expect((await verify(person, another, await identity.codeOf(another, 2))).status).toBe(200);
  });
  it('401 without a session, 403 for a token in place of one, 422 for what is no address', async () => {
    const person = await identity.person();
    for (const [path, body] of [
      ['request', { new_email: 'new@example.com' }],
      ['verify', { new_email: 'new@example.com', otp_code: '123456' }],
    ] as const) {
      expect((await identity.anonymous().post(`${PATH}/${path}`, body)).status).toBe(401);
      const token = byToken(signedIn({ userId: person.userId }), { scope: ['admin', 'read', 'write'] });
      const pat = identity.as(token);
      expect((await pat.post(`${PATH}/${path}`, body)).status).toBe(403);
    }
    for (const address of ['nobody', 7, null, `${'x'.repeat(250)}@example.com`])
      expect((await request(person, address)).status).toBe(422);
    expect(
      (await person.caller.post(`${PATH}/verify`, { new_email: 'a@b.example', otp_code: 7 })).status,
    ).toBe(422);
  });
  it('keeps the code hashed, bound to its user and address', async () => {
    const { person, newEmail, code } = await asked();
    const [row] = await pending(person.userId);
    expect(JSON.stringify(row)).not.toContain(code);
    const other = await identity.person();
    await request(other, newEmail);
    await identity.codeOf(newEmail, 2);
    await identity.resources
      .knex('email_changes')
      .where({ user_id: other.userId })
      .update({ code_hash: row.code_hash });
    expect((await verify(other, newEmail, code)).body.error.code).toBe('INVALID_OTP');
  });
});

describe('the code', () => {
  it('400 when wrong, five times; then 429 even for the right one, until a new request', async () => {
    const { person, newEmail, code } = await asked();
    for (let tries = 0; tries < 5; tries++)
      expect((await verify(person, newEmail, wrong(code))).body.error.code).toBe('INVALID_OTP');
    const { status, body } = await verify(person, newEmail, code);
    expect([status, body.error.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
    const failures = await identity.audited(person.userId);
    expect(failures.filter(row => row.action === 'auth.verification.failure')).toHaveLength(5);
    await request(person, newEmail);
    expect((await verify(person, newEmail, await identity.codeOf(newEmail, 2))).status).toBe(200);
  });
  it('counts every one of many wrong ones that arrive together', async () => {
    const { person, newEmail, code } = await asked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => verify(person, newEmail, wrong(code))),
    );
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(5);
    expect((await verify(person, newEmail, code)).status).toBe(429);
  });
  it('is good once when it comes ten times at once', async () => {
    const { person, newEmail, code } = await asked();
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(person, newEmail, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await verify(person, newEmail, code)).body.error.code).toBe('EMAIL_UPDATE_VERIFY_FAILED');
    expect(await pending(person.userId)).toEqual([]);
    expect(await emailsOf(person)).toHaveLength(2);
  });
  it('400 after ten minutes', async () => {
    const { person, newEmail, code } = await asked();
    const [row] = await pending(person.userId);
    const { now } = (await identity.resources.knex.raw('select now()')).rows[0];
    expect(row.expires_at - now).toBeLessThanOrEqual(600_000);
    await pending(person.userId).update({ expires_at: now });
    const { status, body } = await verify(person, newEmail, code);
    expect([status, body.error.code]).toEqual([400, 'OTP_EXPIRED']);
  });
  it('is of no use to another user, and not for another address', async () => {
    const { person, newEmail, code } = await asked();
    const other = await identity.person();
    expect((await verify(other, newEmail, code)).body.error.code).toBe('EMAIL_UPDATE_VERIFY_FAILED');
    expect((await verify(person, 'other@example.com', code)).body.error.code).toBe(
      'EMAIL_UPDATE_VERIFY_FAILED',
    );
  });
  it('401 for an account that was suspended since', async () => {
    const { person, newEmail, code } = await asked();
    await identity.resources.knex('users').where({ id: person.userId }).update({ disabled_at: new Date() });
    expect((await verify(person, newEmail, code)).status).toBe(401);
    expect((await request(person, newEmail)).status).toBe(401);
  });
});

describe('an address that several want', () => {
  it('is nobody’s while a change to it is pending: its owner signs up, and the change comes to nothing', async () => {
    const { person: attacker, newEmail: address, code } = await asked();
    const { status, body } = await identity.signUp(address);
    expect(status).toBe(201);
    const otp_code = await identity.codeOf(address, 2);
    const verification = { temporary_token: body.data.temporary_token, otp_code };
    const verified = await identity.anonymous().post('/api/v1/auth/verify-otp', verification);
    expect(verified.status).toBe(200);

    const late = await verify(attacker, address, code);
    expect([late.status, late.body.error.code]).toEqual([400, 'EMAIL_UPDATE_VERIFY_FAILED']);
    expect(await emailsOf(attacker)).toHaveLength(1);
    expect((await identity.login(address)).body.data.user_id).toBe(body.data.user_id);
  });
  it('is not held by a registration that nobody verified, which ends', async () => {
    const { person, newEmail, code } = await asked();
    const squatter = (await identity.signUp(newEmail)).body.data;
    const squatted = await identity.codeOf(newEmail, 2);
    expect((await verify(person, newEmail, code)).status).toBe(200);
    const verification = { temporary_token: squatter.temporary_token, otp_code: squatted };
    expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).toBe(401);
    expect((await identity.audited(squatter.user_id)).at(-1)!.action).toBe('user.removed');
    expect((await identity.login(newEmail)).body.data.user_id).toBe(person.userId);
  });
  it('goes to one of two who verify at once', async () => {
    const { person, newEmail, code } = await asked();
    const other = await identity.person();
    await request(other, newEmail);
    const otherCode = await identity.codeOf(newEmail, 2);
    const answers = await Promise.all([verify(person, newEmail, code), verify(other, newEmail, otherCode)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const held = await identity.resources.knex('email_addresses').where({ email: newEmail });
    expect(held).toMatchObject([{ is_primary: true }]);
    for (const { userId } of [person, other]) {
      const primary = { user_id: userId, is_primary: true };
      expect(await identity.resources.knex('email_addresses').where(primary)).toHaveLength(1);
    }
  });
  it('goes to a signup or to the change when both are verified at once', async () => {
    const { person, newEmail, code } = await asked();
    const { temporary_token } = (await identity.signUp(newEmail)).body.data;
    const otp_code = await identity.codeOf(newEmail, 2);
    const [changed, signedUp] = await Promise.all([
      verify(person, newEmail, code),
      identity.anonymous().post('/api/v1/auth/verify-otp', { temporary_token, otp_code }),
    ]);
    expect([changed.status === 200, signedUp.status === 200].sort()).toEqual([false, true]);
    const primary = { user_id: person.userId, is_primary: true };
    expect(await identity.resources.knex('email_addresses').where(primary)).toHaveLength(1);
  });
});

describe('limits of email changes', () => {
  it('let a user ask three times an hour, an address be sent three codes, whoever asks', async () => {
    const limited = await startIdentityUnderTest({ RATE_LIMIT_EMAIL_CHANGE: '3/3600' });
    try {
      const person = await limited.person();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => request(person, limited.newAddress())),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      const { error } = answers.find(({ status }) => status !== 200)!.body;
      expect(error.code).toBe('RATE_LIMITED');

      const wanted = limited.newAddress();
      const people = [];
      for (let index = 0; index < 4; index++) people.push(await limited.person());
      const asking = await Promise.all(people.map(each => request(each, wanted)));
      expect(asking.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
      await eventually(() => limited.mail.to(wanted).length === 3);
      // The owner of the mailbox is not hindered by it.
      expect((await limited.signUp(wanted)).status).toBe(201);
    } finally {
      await limited.stop();
    }
  });
});
