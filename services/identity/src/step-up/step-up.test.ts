import { expectError, signedIn, type TestAnswer } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolEmail, enrolTotp, mailedCode } from '../testing/authenticator.ts';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { passkeysUnderTest } from '../testing/passkeys-under-test.ts';

const STEP_UP = '/api/v1/auth/step-up';
const WRONG = 'Wrong1password';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());
const passkeys = passkeysUnderTest(() => identity);

const ten = <Answer>(ask: () => Promise<Answer>) => Promise.all(Array.from({ length: 10 }, ask));
const statuses = (answers: TestAnswer[]) => answers.map(({ status }) => status).toSorted();
const statusAndCode = ({ status, body }: TestAnswer) => [status, body.error?.code];
const post = (path: string, body: object) => identity.anonymous().post(`/api/v1/auth/${path}`, body);
const claimsOf = (answer: TestAnswer) => decodeJwt(answer.body.data.access_token);

/** The session goes on and its last authentication is long past. */
async function aged(person: Person): Promise<Person> {
  const { knex } = identity.resources;
  await knex('sessions')
    .where({ id: person.sessionId })
    .update({ authenticated_at: knex.raw("now() - interval '1 hour'") });
  const refreshed = await post('refresh', { refresh_token: person.refreshToken });
  return identity.personOf(refreshed, person.email);
}
/** Answers what asks for a fresh authentication. */
const makeCodes = ({ caller }: Person) => caller.post('/api/v1/mfa/backup-codes');
const startPasskey = ({ caller }: Person) =>
  caller.post('/api/v1/webauthn/register/start', { device_name: 'Laptop' });

/** A session of the person by password alone, as on a device that is trusted. */
async function withoutFactor({ email }: Pick<Person, 'email'>): Promise<Person> {
  const { knex } = identity.resources;
  const headers = { 'x-device-fingerprint': '{}' };
  const login = async () =>
    identity.anonymous().post('/api/v1/auth/login', { email, password: PASSWORD }, { headers });
  const { temporary_token, mfa_methods } = (await login()).body.data;
  const method = mfa_methods[0];
  const sent = identity.mail.to(email).filter(({ subject }) => /is your code$/.test(subject)).length;
  const chosen = await post('mfa/otp/generate', { temporary_token, method }).expect(200);
  await knex('totp_devices').update({ last_step: 0 });
  const code = method === 'totp' ? phones.get(email)!.code() : await mailedCode(identity, email, sent + 1);
  const proof = { temporary_token: chosen.body.data.temporary_token, code };
  const full = await identity.anonymous().post('/api/v1/auth/mfa/verify', proof, { headers });
  const { activation_token } = full.body.data.trusted_device;
  await identity
    .personOf(full, email)
    .caller.post('/api/v1/devices/activate', { activation_token })
    .expect(200);
  return identity.personOf(await login(), email);
}
const phones = new Map<string, Awaited<ReturnType<typeof enrolTotp>>>();
async function withPhone(): Promise<Person> {
  const person = await identity.person();
  phones.set(person.email, await enrolTotp(identity, person));
  return person;
}

/** Up to the code: the token for verify. */
async function chosen({ caller }: Person, method: string, proof: object = { password: PASSWORD }) {
  const begun = await caller.post(STEP_UP, proof).expect(200);
  const { temporary_token } = begun.body.data;
  return (await post('mfa/otp/generate', { temporary_token, method }).expect(200)).body.data
    .temporary_token as string;
}
const verify = (temporary_token: string, proof: object) => post('mfa/verify', { temporary_token, ...proof });

describe('who has logged in just now', () => {
  it('is asked for nothing, also after turning a second factor on', async () => {
    const person = await identity.person();
    await enrolTotp(identity, person);
    await makeCodes(person).expect(201);
    await person.caller.post('/api/v1/auth/mfa/deactivate', {}).expect(200);
    await startPasskey(person).expect(201);
  });

  it('says so in the access token, and a refresh keeps when it was', async () => {
    const person = await identity.person();
    const claims = decodeJwt(person.accessToken);
    const age = claims.iat! - (claims.auth_time as number);
    expect(age >= 0 && age < 60).toBe(true);
    const old = await aged(person);
    const later = decodeJwt(old.accessToken);
    expect(later.auth_time).toBeLessThanOrEqual(later.iat! - 3_600);
    expect(later.sid).toBe(claims.sid);
  });
});

describe('a step-up by password', () => {
  it('opens what asks for a fresh authentication, to the new access token alone', async () => {
    const old = await aged(await identity.person());
    expectError(await startPasskey(old), 401, 'STEP_UP_REQUIRED');
    const options = (await old.caller.get(STEP_UP)).body.data;
    expect(options).toEqual({ password: true, mfa_methods: [], passkey: false });
    const answer = await old.caller.post(STEP_UP, { password: PASSWORD }).expect(200);
    const fresh = identity.personOf(answer, old.email);
    expect(fresh.sessionId).toBe(old.sessionId);
    expect(claimsOf(answer).amr).toEqual(['pwd']);
    await startPasskey(fresh).expect(201);
    expectError(await startPasskey(old), 401, 'STEP_UP_REQUIRED');
    expect((await identity.audited(old.userId)).map(({ action }) => action)).toContain(
      'auth.session.stepped_up',
    );
  });

  it('gives nothing to who holds an earlier refresh token of the session', async () => {
    const old = await aged(await identity.person());
    const answer = await old.caller.post(STEP_UP, { password: PASSWORD }).expect(200);
    expectError(await post('refresh', { refresh_token: old.refreshToken }), 401, 'INVALID_TOKEN');
    const { refresh_token } = answer.body.data;
    const refreshed = await post('refresh', { refresh_token }).expect(200);
    expect(claimsOf(refreshed).auth_time).toBe(claimsOf(answer).auth_time);
  });

  it('takes more than the access token', async () => {
    const { caller } = await aged(await identity.person());
    expectError(await caller.post(STEP_UP, {}), 400, 'PASSWORD_REQUIRED');
    expectError(await caller.post(STEP_UP, { password: WRONG }), 401, 'INVALID_CREDENTIALS');
    const unsigned = identity.anonymous().post(STEP_UP, { password: PASSWORD });
    expectError(await unsigned, 401, 'UNAUTHORIZED');
  });

  it('is not taken by somebody else, in the session of another', async () => {
    const [one, other] = [await identity.person(), await identity.person()];
    const mixed = identity.as(signedIn({ userId: other.userId, sessionId: one.sessionId }));
    expectError(await mixed.post(STEP_UP, { password: PASSWORD }), 404, 'SESSION_NOT_FOUND');
  });

  it('is refused once the session has ended', async () => {
    const person = await identity.person();
    await person.caller.post('/api/v1/auth/logout').expect(204);
    expectError(await person.caller.post(STEP_UP, { password: PASSWORD }), 404, 'SESSION_NOT_FOUND');
  });

  it.each([{ password: 7 }, { passkey: {} }, { password: PASSWORD, user_id: 1 }])(
    '422 for %o',
    async body => {
      expect((await (await identity.person()).caller.post(STEP_UP, body)).status).toBe(422);
    },
  );

  it('beside a refresh leaves one refresh token that is good, its own', async () => {
    let session = await identity.person();
    for (let round = 0; round < 5; round++) {
      const [stepped, refreshed] = await Promise.all([
        session.caller.post(STEP_UP, { password: PASSWORD }),
        post('refresh', { refresh_token: session.refreshToken }),
      ]);
      expect(stepped.status).toBe(200);
      expect([200, 401]).toContain(refreshed.status);
      if (refreshed.status === 200) {
        const { refresh_token } = refreshed.body.data;
        expectError(await post('refresh', { refresh_token }), 401, 'INVALID_TOKEN');
      }
      session = identity.personOf(stepped, session.email);
    }
    await post('refresh', { refresh_token: session.refreshToken }).expect(200);
  });

  it('of ten at once each gives tokens, of which the last refresh token is good', async () => {
    const person = await identity.person();
    const answers = await ten(() => person.caller.post(STEP_UP, { password: PASSWORD }));
    expect(statuses(answers)).toEqual(Array(10).fill(200));
    const refreshed = await Promise.all(
      answers.map(({ body }) => post('refresh', { refresh_token: body.data.refresh_token })),
    );
    expect(statuses(refreshed)).toEqual([200, ...Array(9).fill(401)]);
  });
});

describe('who has a second factor', () => {
  it('is asked for it: a login on a trusted device is not enough', async () => {
    const person = await withPhone();
    const trusted = await withoutFactor(person);
    expect(decodeJwt(trusted.accessToken)).toMatchObject({ amr: ['pwd'], second_factor_omitted: true });
    expectError(await makeCodes(trusted), 401, 'STEP_UP_REQUIRED');

    const begun = await trusted.caller.post(STEP_UP, { password: PASSWORD }).expect(200);
    expect(begun.body.data).toMatchObject({ mfa_required: true, mfa_methods: ['totp'] });
    expect(begun.body.data.access_token).toBeUndefined();
    const token = await chosen(trusted, 'totp');
    const code = await phones.get(person.email)!.freshCode();
    const answer = await verify(token, { code }).expect(200);
    expect(answer.body.data.trusted_device).toBeNull();
    const claims = claimsOf(answer);
    expect(claims).toMatchObject({ sid: trusted.sessionId, amr: ['pwd', 'otp', 'mfa'] });
    expect(claims.second_factor_omitted).toBeUndefined();
    await makeCodes(identity.personOf(answer, person.email)).expect(201);
  });

  it('proves it by a mailed code or a backup code, too', async () => {
    const person = await identity.person();
    const [backup] = await enrolEmail(identity, person);
    const old = await aged(person);
    const token = await chosen(old, 'email_otp');
    const code = await mailedCode(identity, person.email, 2);
    await verify(token, { code }).expect(200);
    const next = await chosen(old, 'email_otp');
    await verify(next, { backup_code: backup }).expect(200);
    const again = await chosen(old, 'email_otp');
    expectError(await verify(again, { backup_code: backup }), 400, 'INVALID_MFA_CODE');
  });

  it('cannot use a code twice: not one of the login, and of ten at once one is good', async () => {
    const person = await withPhone();
    const old = await aged(person);
    const phone = phones.get(person.email)!;
    const code = await phone.freshCode();
    await verify(await chosen(old, 'totp'), { code }).expect(200);
    expectError(await verify(await chosen(old, 'totp'), { code }), 400, 'INVALID_MFA_CODE');
    const token = await chosen(old, 'totp');
    const next = await phone.freshCode();
    const answers = await ten(() => verify(token, { code: next }));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(401)]);
  });

  it('finishes nothing with the temporary token of the password, nor of a step-up begun anew', async () => {
    const person = await withPhone();
    const { temporary_token } = (await person.caller.post(STEP_UP, { password: PASSWORD })).body.data;
    const code = await phones.get(person.email)!.freshCode();
    expectError(await verify(temporary_token, { code }), 401, 'INVALID_TOKEN');
    const before = await chosen(person, 'totp');
    await person.caller.post(STEP_UP, { password: PASSWORD }).expect(200);
    expectError(await verify(before, { code }), 401, 'INVALID_TOKEN');
  });

  it('gets no token for a session that has ended meanwhile, and the code is not spent', async () => {
    const person = await withPhone();
    const other = await aged(person);
    const token = await chosen(other, 'totp');
    await other.caller.post('/api/v1/auth/logout').expect(204);
    const code = await phones.get(person.email)!.freshCode();
    expectError(await verify(token, { code }), 401, 'INVALID_TOKEN');
  });
});

describe('who has a passkey', () => {
  it('is asked for it after a login by password, and proves it within the session', async () => {
    const holder = await passkeys.holder();
    const session = identity.personOf(await identity.login(holder.email), holder.email);
    const remove = (person: Person) =>
      person.caller.delete(`/api/v1/webauthn/credentials/${holder.passkeyId}`);
    expectError(await remove(session), 401, 'STEP_UP_REQUIRED');
    expect((await session.caller.get(STEP_UP)).body.data).toEqual({
      password: true,
      mfa_methods: ['email_otp'],
      passkey: true,
    });
    const { body } = await passkeys.startLogin(holder.email).expect(200);
    const passkey = holder.authenticator.get(body.data);
    const answers = await ten(() => session.caller.post(STEP_UP, { passkey }));
    expect(statuses(answers)).toEqual([200, ...Array(9).fill(404)]);
    const answer = answers.find(({ status }) => status === 200)!;
    expect(claimsOf(answer)).toMatchObject({ sid: session.sessionId, amr: ['pop', 'user', 'mfa'] });
    await remove(identity.personOf(answer, holder.email)).expect(200);
  });

  it('who has lost it proves the mailbox beside the password', async () => {
    const holder = await passkeys.holder();
    const session = identity.personOf(await identity.login(holder.email), holder.email);
    const token = await chosen(session, 'email_otp');
    const answer = await verify(token, { code: await mailedCode(identity, holder.email) }).expect(200);
    await startPasskey(identity.personOf(answer, holder.email)).expect(201);
  });

  it('does not prove the mailbox any more once a second factor is on', async () => {
    const holder = await passkeys.holder();
    const session = identity.personOf(await identity.login(holder.email), holder.email);
    const token = await chosen(session, 'email_otp');
    const code = await mailedCode(identity, holder.email);
    await enrolTotp(identity, holder);
    expectError(await verify(token, { code }), 401, 'INVALID_TOKEN');
  });

  it('refuses the passkey of somebody else', async () => {
    const [holder, thief] = [await passkeys.holder(), await passkeys.holder()];
    const { body } = await passkeys.startLogin(thief.email).expect(200);
    const passkey = thief.authenticator.get(body.data);
    const answer = await holder.caller.post(STEP_UP, { passkey });
    expect([401, 404]).toContain(answer.status);
  });
});

describe('who has no password', () => {
  it('proves the mailbox, or the second factor that is on', async () => {
    const person = await identity.person();
    const { knex } = identity.resources;
    await knex('users').where({ id: person.userId }).update({ password_hash: null });
    await knex('sessions')
      .where({ id: person.sessionId })
      .update({ authentication_methods: ['fed'] });
    const old = await aged(person);
    expect((await old.caller.get(STEP_UP)).body.data.password).toBe(false);
    const token = await chosen(old, 'email_otp', {});
    const answer = await verify(token, { code: await mailedCode(identity, person.email) }).expect(200);
    expect([...(claimsOf(answer).amr as string[])].toSorted()).toEqual(['fed', 'mfa', 'otp']);

    const phone = await enrolTotp(identity, identity.personOf(answer, person.email));
    const begun = await old.caller.post(STEP_UP, {}).expect(200);
    expect(begun.body.data.mfa_methods).toEqual(['totp']);
    const { temporary_token } = begun.body.data;
    const mailed = await post('mfa/otp/generate', { temporary_token, method: 'email_otp' });
    expectError(mailed, 400, 'INVALID_REQUEST');
    await verify(await chosen(old, 'totp', {}), { code: await phone.freshCode() }).expect(200);
  });
});

describe('tries at a step-up', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    limited = await startIdentityUnderTest({
      RATE_LIMIT_LOGIN_ADDRESS: '5/900',
      RATE_LIMIT_SECOND_FACTOR_WRONG_HOURLY: '7/3600',
    });
  });
  afterAll(() => limited.stop());

  it('at the password count as logins: out of ten at once five are compared, and then no login is', async () => {
    const person = await limited.person();
    // As from the network of the caller.
    const caller = limited.as(
      signedIn({ userId: person.userId, sessionId: person.sessionId, ip: '192.0.2.7' }),
    );
    const answers = await ten(() => caller.post(STEP_UP, { password: WRONG }));
    expect(statuses(answers)).toEqual([...Array(5).fill(401), ...Array(5).fill(429)]);
    expect((await limited.login(person.email)).status).toBe(429);
    expect((await caller.post(STEP_UP, { password: PASSWORD })).status).toBe(429);
    const refusals = (await limited.audited(person.userId)).filter(
      ({ action }) => action === 'auth.login.failure',
    );
    expect(refusals.length).toBeGreaterThanOrEqual(10);
  });

  it('at the code count for the user, over step-ups and logins', async () => {
    const person = await limited.person();
    await enrolEmail(limited, person);
    const send = (path: string, body: object) => limited.anonymous().post(`/api/v1/auth/${path}`, body);
    const begin = async () => {
      const { body } = await person.caller.post(STEP_UP, { password: PASSWORD }).expect(200);
      const { temporary_token } = body.data;
      const next = await send('mfa/otp/generate', { temporary_token, method: 'email_otp' }).expect(200);
      return next.body.data.temporary_token as string;
    };
    const token = await begin();
    const guess = (temporary_token: string) =>
      send('mfa/verify', { temporary_token, backup_code: 'AAAA-AAAA' });
    const first = await ten(() => guess(token));
    expect(statuses(first)).toEqual([...Array(5).fill(400), ...Array(5).fill(429)]);
    const second = await begin();
    const more = await ten(() => guess(second));
    expect(statuses(more)).toEqual([...Array(2).fill(400), ...Array(8).fill(429)]);
    expect(statusAndCode(await guess(await begin()))).toEqual([429, 'TOO_MANY_ATTEMPTS']);
  });
});
