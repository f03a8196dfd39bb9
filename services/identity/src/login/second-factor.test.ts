import { expectError, type TestAnswer } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enrolEmail, enrolTotp, mailedCode } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { dropExpiredPendingLogins } from './pending-login-store.ts';

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());
beforeEach(async () => {
  person = await identity.person();
});

const post = (path: string, body: unknown) => identity.anonymous().post(`/api/v1/auth/${path}`, body);
const generate = (temporary_token: string, method: string) =>
  post('mfa/otp/generate', { temporary_token, method });
const verify = (temporary_token: string, proof: object) => post('mfa/verify', { temporary_token, ...proof });
const begin = async (more: object = {}): Promise<string> =>
  (await identity.login(person.email, more)).body.data.temporary_token;
/** Up to the code: the token for verify. */
const chosen = async (method: string, more: object = {}): Promise<string> =>
  (await generate(await begin(more), method).expect(200)).body.data.temporary_token;
const statuses = (answers: TestAnswer[]) => answers.map(({ status }) => status).sort();
const wrong = (right: string) => String((Number(right) + 7) % 1_000_000).padStart(6, '0');
const reasons = async () =>
  (await identity.audited(person.userId))
    .filter(({ action }) => action === 'auth.login.failure')
    .map(({ metadata }) => metadata.reason);
const row = () => identity.resources.knex('pending_logins').where({ user_id: person.userId });

describe('login with a second factor', () => {
  it('answers no token but a temporary one, which gives access to nothing', async () => {
    await enrolTotp(identity, person);
    await enrolEmail(identity, person);
    const sessions = async () => (await person.caller.get('/api/v1/sessions')).body.data.total_count;
    const before = await sessions();
    const { status, body } = await identity.login(person.email);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      temporary_token: expect.stringMatching(/^[\w-]{43}$/),
      mfa_required: true,
      mfa_methods: ['totp', 'email_otp'],
      message: expect.any(String),
    });
    expect(await sessions()).toBe(before);
    const temporary_token = body.data.temporary_token;
    expectError(await post('refresh', { refresh_token: temporary_token }), 401, 'INVALID_TOKEN');
    expectError(await post('verify-otp', { temporary_token, otp_code: '123456' }), 401, 'INVALID_TOKEN');
    const resend = { email: person.email, temporary_token };
    expectError(await post('resend-signup-otp', resend), 401, 'INVALID_TOKEN');
    expect((await identity.audited(person.userId)).at(-1)!.action).toBe('auth.mfa.required');
  });

  it('is no answer to a wrong password: that stays the same as for an unknown address', async () => {
    await enrolTotp(identity, person);
    const refused = await identity.login(person.email, { password: 'Wrong1password' });
    const unknown = await identity.login('nobody@example.com', { password: 'Wrong1password' });
    const visible = ({ status, body }: TestAnswer) => [status, { ...body.error, request_id: '' }];
    expect(visible(refused)).toEqual(visible(unknown));
    expect(await row()).toEqual([]);
  });

  it('is finished by a TOTP code, with the place and the length that the login asked for', async () => {
    const phone = await enrolTotp(identity, person);
    const token = await chosen('totp', { workspace_id: 77, remember_me: true });
    const { body } = await verify(token, { code: await phone.freshCode() }).expect(200);
    expect(body.data).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      user_id: person.userId,
      email: person.email,
      display_name: expect.any(String),
      is_verified: true,
      trusted_device: {
        id: expect.any(Number),
        device_name: expect.any(String),
        activation_token: expect.any(String),
        expires_at: expect.stringMatching(/Z$/),
        is_active: false,
      },
    });
    const claims = decodeJwt(body.data.access_token);
    expect(claims).toMatchObject({ org_id: 7, amr: ['pwd', 'otp', 'mfa'] });
    const session = await identity.resources.knex('sessions').where({ id: claims.sid }).first();
    expect(session).toMatchObject({ remember_me: true, workspace_id: 77 });
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
      action: 'auth.login.success',
      metadata: { method: 'password', remember_me: true, session_id: claims.sid },
    });
    const { devices } = (await person.caller.get('/api/v1/mfa/totp/devices')).body.data;
    expect(devices[0].last_used_at).toMatch(/Z$/);
    expect((await post('refresh', { refresh_token: body.data.refresh_token })).status).toBe(200);
  });

  it('is finished by a code of any device', async () => {
    const [phone, tablet] = [await enrolTotp(identity, person), await enrolTotp(identity, person, 'Tablet')];
    await verify(await chosen('totp'), { code: await tablet.freshCode() }).expect(200);
    await verify(await chosen('totp'), { code: await phone.freshCode() }).expect(200);
  });

  it('is finished by a mailed code, the last one of them', async () => {
    await enrolEmail(identity, person);
    const first = await chosen('email_otp');
    const [, second] = [
      await mailedCode(identity, person.email, 2),
      (await generate(first, 'email_otp').expect(200)).body.data.temporary_token,
    ];
    const [old, code] = [
      await mailedCode(identity, person.email, 2),
      await mailedCode(identity, person.email, 3),
    ];
    expectError(await verify(first, { code }), 401, 'INVALID_TOKEN');
    if (old !== code) expectError(await verify(second, { code: old }), 400, 'INVALID_MFA_CODE');
    await verify(second, { code }).expect(200);
    expect((await identity.audited(person.userId)).map(({ action }) => action)).toContain('auth.mfa.chosen');
  });

  it('mails its codes to the primary address of the moment', async () => {
    await enrolEmail(identity, person);
    const email = identity.newAddress();
    const addresses = identity.resources.knex('email_addresses').where({ user_id: person.userId });
    await addresses.update({ email });
    person = { ...person, email };
    const token = await chosen('email_otp');
    await verify(token, { code: await mailedCode(identity, email) }).expect(200);
  });

  it('is finished by a backup code, however it is written, which is spent by it', async () => {
    const { backupCodes } = await enrolTotp(identity, person);
    const [dashed, plain] = [backupCodes[0]!, backupCodes[1]!.replace('-', '').toLowerCase()];
    for (const backup_code of [dashed, plain])
      await verify(await chosen('totp'), { backup_code }).expect(200);
    expectError(await verify(await chosen('totp'), { backup_code: dashed }), 400, 'INVALID_MFA_CODE');
    expect((await person.caller.get('/api/v1/mfa/backup-codes')).body.data.codes_left).toBe(8);
    expect((await identity.audited(person.userId)).map(({ action }) => action)).toContain(
      'mfa.backup_code_used',
    );
  });

  it('is finished by codes of the account only, not of another one', async () => {
    const { backupCodes, code } = await enrolTotp(identity, person);
    const victim = await identity.person();
    await enrolTotp(identity, victim);
    person = victim;
    const token = await chosen('totp');
    expectError(await verify(token, { backup_code: backupCodes[0] }), 400, 'INVALID_MFA_CODE');
    expectError(await verify(token, { code: code(1) }), 400, 'INVALID_MFA_CODE');
  });
});

describe('a code counts once', () => {
  it('the one that confirmed the setup, and one that logged in, log nobody in again', async () => {
    const phone = await enrolTotp(identity, person);
    expectError(await verify(await chosen('totp'), { code: phone.code() }), 400, 'INVALID_MFA_CODE');
    const next = phone.code(1);
    await verify(await chosen('totp'), { code: next }).expect(200);
    expectError(await verify(await chosen('totp'), { code: next }), 400, 'INVALID_MFA_CODE');
    expect(await reasons()).toEqual(['invalid_mfa_code', 'invalid_mfa_code']);
  });
  it('of ten logins with one TOTP code at once, one is let in', async () => {
    const phone = await enrolTotp(identity, person);
    const tokens = await Promise.all(Array.from({ length: 10 }, () => chosen('totp')));
    const code = await phone.freshCode();
    const answers = await Promise.all(tokens.map(token => verify(token, { code })));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(400)]);
  });
  it('of ten logins with one backup code at once, one is let in', async () => {
    const { backupCodes } = await enrolTotp(identity, person);
    const tokens = await Promise.all(Array.from({ length: 10 }, () => chosen('totp')));
    const answers = await Promise.all(tokens.map(token => verify(token, { backup_code: backupCodes[0] })));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(400)]);
  });
  it('of ten tries of one login at once with different backup codes, one is let in and spends one', async () => {
    const { backupCodes } = await enrolTotp(identity, person);
    const token = await chosen('totp');
    const answers = await Promise.all(backupCodes.map(backup_code => verify(token, { backup_code })));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(401)]);
    expect((await person.caller.get('/api/v1/mfa/backup-codes')).body.data.codes_left).toBe(9);
  });
});

describe('the temporary token', () => {
  it('of the login itself finishes nothing, and costs no try', async () => {
    const phone = await enrolTotp(identity, person);
    const token = await begin();
    expectError(await verify(token, { code: await phone.freshCode() }), 401, 'INVALID_TOKEN');
    expect((await row())[0].wrong_codes).toBe(0);
    await generate(token, 'totp').expect(200);
  });
  it('dies when it is replaced, and when it is spent', async () => {
    const phone = await enrolTotp(identity, person);
    const first = await begin();
    const second = (await generate(first, 'totp')).body.data.temporary_token;
    expectError(await generate(first, 'totp'), 401, 'INVALID_TEMPORARY_TOKEN');
    await verify(second, { code: await phone.freshCode() }).expect(200);
    expectError(await verify(second, { code: phone.code(1) }), 401, 'INVALID_TOKEN');
    expectError(await generate(second, 'totp'), 401, 'INVALID_TEMPORARY_TOKEN');
  });
  it('dies after ten minutes', async () => {
    const { code } = await enrolTotp(identity, person);
    const token = await chosen('totp');
    const { knex } = identity.resources;
    await dropExpiredPendingLogins(knex);
    await row().update({ expires_at: knex.raw("now() - interval '1 second'") });
    expectError(await generate(token, 'totp'), 401, 'INVALID_TEMPORARY_TOKEN');
    expectError(await verify(token, { code: code(1) }), 401, 'INVALID_TOKEN');
    await dropExpiredPendingLogins(knex);
    expect(await row()).toEqual([]);
  });
  it('dies with everything else when the user logs out everywhere, or changes or resets the password', async () => {
    const phone = await enrolTotp(identity, person);
    const ways: (() => Promise<unknown>)[] = [
      () => person.caller.post('/api/v1/auth/logout-all').expect(204),
      () =>
        person.caller
          .post('/api/v1/auth/change-password', { current_password: PASSWORD, new_password: 'Brand2new!' })
          .expect(200),
    ];
    for (const way of ways) {
      const token = await chosen('totp');
      await way();
      expectError(await generate(token, 'totp'), 404, 'SESSION_NOT_FOUND');
      expectError(await verify(token, { code: await phone.freshCode() }), 401, 'INVALID_TOKEN');
    }
  });
  it('is of no use to a suspended user', async () => {
    const phone = await enrolTotp(identity, person);
    const token = await chosen('totp');
    const users = identity.resources.knex('users').where({ id: person.userId });
    await users.clone().update({ disabled_at: new Date() });
    expectError(await generate(token, 'totp'), 401, 'USER_NOT_FOUND');
    expectError(await verify(token, { code: await phone.freshCode() }), 401, 'USER_NOT_FOUND');
    expect(await reasons()).toEqual(['account_disabled']);
  });
  it('and codes are nowhere in clear', async () => {
    await enrolEmail(identity, person);
    const first = await begin();
    const second = (await generate(first, 'email_otp')).body.data.temporary_token;
    const code = await mailedCode(identity, person.email, 2);
    const { knex } = identity.resources;
    const text = JSON.stringify([
      await row(),
      await knex('outbox'),
      await knex('outgoing_mail'),
      await identity.audited(person.userId),
    ]);
    for (const secret of [first, second, `"${code}"`, ` ${code} `]) expect(text).not.toContain(secret);
    expect((await row())[0].code_hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('choosing a second factor', () => {
  it('takes a method that is on; the other costs nothing', async () => {
    await enrolTotp(identity, person);
    const token = await begin();
    expectError(await generate(token, 'email_otp'), 400, 'INVALID_REQUEST');
    expectError(await generate(token, 'sms'), 422, 'VALIDATION_ERROR');
    expectError(await generate('x'.repeat(43), 'totp'), 401, 'INVALID_TEMPORARY_TOKEN');
    await generate(token, 'totp').expect(200);
  });
  it('may be done again for the other method; a mailed code does not outlive that', async () => {
    const phone = await enrolTotp(identity, person);
    await enrolEmail(identity, person);
    const mailed = await chosen('email_otp');
    const code = await mailedCode(identity, person.email, 2);
    const totp = (await generate(mailed, 'totp').expect(200)).body.data.temporary_token;
    expectError(await verify(totp, { code }), 400, 'INVALID_MFA_CODE');
    await verify(totp, { code: await phone.freshCode() }).expect(200);
  });
});

describe('wrong codes', () => {
  it('are written to the login history; after five of them the login is over, over all its tokens', async () => {
    const phone = await enrolTotp(identity, person);
    let token = await chosen('totp');
    for (let nth = 0; nth < 5; nth++) {
      expectError(await verify(token, { backup_code: 'AAAA-AAAA' }), 400, 'INVALID_MFA_CODE');
      if (nth === 2) token = (await generate(token, 'totp')).body.data.temporary_token;
    }
    expectError(await verify(token, { code: await phone.freshCode() }), 429, 'TOO_MANY_ATTEMPTS');
    expectError(await generate(token, 'totp'), 404, 'SESSION_NOT_FOUND');
    const history = await person.caller.get('/api/v1/auth/login-history?filter=failure');
    const shown = history.body.data.history.map(
      (entry: { metadata: { reason: string } }) => entry.metadata.reason,
    );
    expect(shown).toEqual(Array(5).fill('invalid_mfa_code'));
    await verify(await chosen('totp'), { code: await phone.freshCode() }).expect(200);
  });
  it('are counted exactly when ten come at once', async () => {
    await enrolEmail(identity, person);
    const token = await chosen('email_otp');
    const code = wrong(await mailedCode(identity, person.email, 2));
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(token, { code })));
    expect(statuses(answers)).toEqual([...Array(5).fill(400), ...Array(5).fill(429)]);
  });
  it.each([
    ['both codes', { code: '123456', backup_code: 'AAAA-AAAA' }],
    ['neither', {}],
    ['a code of five digits', { code: '12345' }],
    ['a code that is a number', { code: 123456 }],
    ['a huge backup code', { backup_code: 'A'.repeat(65) }],
    ['a field of its own', { code: '123456', user_id: 1 }],
  ])('422 for %s', async (_, proof) => {
    expectError(await verify('x', proof), 422, 'VALIDATION_ERROR');
  });
});
