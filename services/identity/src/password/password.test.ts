import * as secrets from '@rivergate/secrets';
import { signedIn, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type IdentityUnderTest, PASSWORD, startIdentityUnderTest } from '../testing/identity-under-test.ts';

vi.mock('@rivergate/secrets', { spy: true });

const NEW_PASSWORD = 'Brand2new!';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const post = (path: string, body: unknown) => identity.anonymous().post(`/api/v1/auth/${path}`, body);
const forgot = (email: string) => post('forgot-password', { email });
const reset = (token: string, new_password = NEW_PASSWORD) => post('reset-password', { token, new_password });
const refresh = (refresh_token: string) => post('refresh', { refresh_token });
/** The mail after the one that verified the address. */
const resetTokenOf = async (email: string, nth = 2) => {
  const { subject, text } = await identity.mail.nth(email, nth);
  expect(subject).toBe('Set a new password');
  return /\/reset-password\?token=([\w-]{43})/.exec(text)![1]!;
};
const waitingRequests = () => identity.resources.knex('password_reset_requests').count('* as left').first();

describe('forgot-password', () => {
  it('200 with the same text and the same writes, whether or not the account exists', async () => {
    const { email, userId } = await identity.person();
    const [known, unknown] = [await forgot(email), await forgot('nobody@example.com')];
    expect([known.status, unknown.status]).toEqual([200, 200]);
    expect(unknown.body).toEqual(known.body);
    expect(known.body.data).toEqual({ message: known.body.message });
    await resetTokenOf(email);
    expect(identity.mail.to('nobody@example.com')).toHaveLength(0);
    expect(await waitingRequests()).toMatchObject({ left: 0 });
    expect((await identity.audited(userId)).at(-1)).toMatchObject({
      action: 'auth.password.reset_requested',
      ip_address: '192.0.2.7',
    });
  });
  it('mails nothing to an unverified or suspended account', async () => {
    const unverified = identity.newAddress();
    await identity.signUp(unverified);
    const suspended = await identity.person();
    await identity.resources
      .knex('users')
      .where({ id: suspended.userId })
      .update({ disabled_at: new Date() });
    const control = await identity.person();
    for (const address of [unverified, suspended.email, control.email]) await forgot(address);
    await resetTokenOf(control.email);
    expect(identity.mail.to(unverified)).toHaveLength(1);
    expect(identity.mail.to(suspended.email)).toHaveLength(1);
  });
  it('processes what a crash has left', async () => {
    const { email } = await identity.person();
    await identity.resources.knex('password_reset_requests').insert({ email });
    await forgot('nobody@example.com');
    await resetTokenOf(email);
  });
  it('422 for what is no address', async () => {
    expect((await forgot('nobody')).status).toBe(422);
  });
});

describe('reset-password', () => {
  it('204 sets the password, ends every session, clears every token, and mails a notice', async () => {
    const person = await identity.person();
    const other = identity.personOf(await identity.login(person.email), person.email);
    await forgot(person.email);
    const first = await resetTokenOf(person.email, 2);
    await forgot(person.email);
    const second = await resetTokenOf(person.email, 3);
    expect((await reset(first)).body.error.code).toBe('INVALID_TOKEN');

    const { status, text } = await reset(second);
    expect([status, text]).toEqual([204, '']);
    for (const { refreshToken, sessionId } of [person, other]) {
      expect((await refresh(refreshToken)).status).toBe(401);
      expect(await identity.resources.redis.get(`access:{session:${sessionId}}`)).toBe('revoked');
    }
    expect((await identity.login(person.email)).status).toBe(401);
    expect((await identity.login(person.email, { password: NEW_PASSWORD })).status).toBe(200);
    expect((await identity.mail.nth(person.email, 4)).subject).toBe('Your password was changed');
    expect((await identity.audited(person.userId)).map(row => row.action)).toContain('auth.password.reset');
    expect((await reset(second, 'Another3one')).body.error.code).toBe('INVALID_TOKEN');
  });
  it('happens once for a token sent twice at once', async () => {
    const { email } = await identity.person();
    await forgot(email);
    const token = await resetTokenOf(email);
    const answers = await Promise.all([reset(token), reset(token)]);
    expect(answers.map(answer => answer.status).sort()).toEqual([204, 400]);
  });
  it('400 for a token that is unknown or expired', async () => {
    expect((await reset('unknown')).body.error.code).toBe('INVALID_TOKEN');
    const { email, userId } = await identity.person();
    await forgot(email);
    const token = await resetTokenOf(email);
    await identity.resources
      .knex('password_resets')
      .where({ user_id: userId })
      .update({ expires_at: new Date() });
    expect((await reset(token)).status).toBe(400);
  });
  it('404 for a user who was suspended since', async () => {
    const { email, userId } = await identity.person();
    await forgot(email);
    const token = await resetTokenOf(email);
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expect((await reset(token)).body.error.code).toBe('USER_NOT_FOUND');
  });
  it('422 for a password against the policy, and the token stays good', async () => {
    const { email } = await identity.person();
    await forgot(email);
    const token = await resetTokenOf(email);
    const { status, body } = await reset(token, 'weak');
    expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect((await reset(token)).status).toBe(204);
  });
});

describe('change-password', () => {
  const change = (caller: TestCaller, current: string, next: string) =>
    caller.post('/api/v1/auth/change-password', { current_password: current, new_password: next });

  it('200 ends every session, the calling one included, and clears reset tokens', async () => {
    const person = await identity.person();
    await forgot(person.email);
    const token = await resetTokenOf(person.email);
    const { status, body } = await change(person.caller, PASSWORD, NEW_PASSWORD);
    expect([status, body.data]).toEqual([200, { message: body.message }]);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect(await identity.resources.redis.get(`access:{session:${person.sessionId}}`)).toBe('revoked');
    expect((await reset(token)).status).toBe(400);
    expect((await identity.login(person.email, { password: NEW_PASSWORD })).status).toBe(200);
    expect((await identity.mail.nth(person.email, 3)).subject).toBe('Your password was changed');
  });
  it('400 for a wrong current password, which is audited; for the same one again; and where there is none', async () => {
    const { caller, userId, refreshToken } = await identity.person();
    expect((await change(caller, 'Wrong1password', NEW_PASSWORD)).body.error.code).toBe(
      'INVALID_CURRENT_PASSWORD',
    );
    expect((await identity.audited(userId)).at(-1)!.action).toBe('auth.password.change_failure');
    expect((await change(caller, PASSWORD, PASSWORD)).body.error.code).toBe('CHANGE_PASSWORD_FAILED');
    expect((await refresh(refreshToken)).status).toBe(200);
    await identity.resources.knex('users').where({ id: userId }).update({ password_hash: null });
    expect((await change(caller, PASSWORD, NEW_PASSWORD)).body.error.code).toBe('CHANGE_PASSWORD_FAILED');
  });
  it('401 for nobody, and for a user who is gone', async () => {
    expect((await change(identity.anonymous(), PASSWORD, NEW_PASSWORD)).body.error.code).toBe('UNAUTHORIZED');
    const gone = identity.as(signedIn({ userId: 999_999_999 }));
    expect((await change(gone, PASSWORD, NEW_PASSWORD)).body.error.code).toBe('USER_NOT_FOUND');
  });
  it('403 for a token of no session', async () => {
    const { userId } = await identity.person();
    expect(
      (await change(identity.as(signedIn({ userId, sessionId: null })), PASSWORD, NEW_PASSWORD)).status,
    ).toBe(403);
  });
  it('422 for a new password against the policy', async () => {
    expect((await change((await identity.person()).caller, PASSWORD, 'weak')).status).toBe(422);
  });
});

describe('limits', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    limited = await startIdentityUnderTest({
      RATE_LIMIT_PASSWORD_RESET: '3/3600',
      RATE_LIMIT_PASSWORD_CHANGE: '5/900',
    });
  });
  afterAll(() => limited.stop());

  it('429 for the fourth reset of an address within an hour, known or not', async () => {
    for (const email of [(await limited.person()).email, 'nobody@example.com']) {
      const statuses: number[] = [];
      for (let tries = 1; tries <= 4; tries++) {
        const answer = await limited
          .anonymous(`192.0.2.${tries}`)
          .post('/api/v1/auth/forgot-password', { email });
        statuses.push(answer.status);
      }
      expect(statuses).toEqual([200, 200, 200, 429]);
    }
  });
  it('429 after five wrong current passwords, also for the right one', async () => {
    const { caller } = await limited.person();
    const change = (current_password: string) =>
      caller.post('/api/v1/auth/change-password', { current_password, new_password: NEW_PASSWORD });
    for (let tries = 0; tries < 5; tries++) expect((await change('Wrong1password')).status).toBe(400);
    const { status, headers } = await change(PASSWORD);
    expect([status, headers.has('retry-after')]).toEqual([429, true]);
  });
  it('429 after five changes to the same password: no hash is free, out of ten at once either', async () => {
    const { caller } = await limited.person();
    vi.mocked(secrets.verifyPassword).mockClear();
    const same = { current_password: PASSWORD, new_password: PASSWORD };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => caller.post('/api/v1/auth/change-password', same)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(5).fill(400),
      ...Array(5).fill(429),
    ]);
    expect(secrets.verifyPassword).toHaveBeenCalledTimes(5);
  });
  it('are over once the password has changed', async () => {
    const person = await limited.person();
    const change = (current_password: string, new_password: string) =>
      person.caller.post('/api/v1/auth/change-password', { current_password, new_password });
    for (let round = 0; round < 3; round++) {
      for (let tries = 0; tries < 4; tries++) await change('Wrong1password', NEW_PASSWORD);
      const [current, next] = round % 2 ? [NEW_PASSWORD, PASSWORD] : [PASSWORD, NEW_PASSWORD];
      expect((await change(current, next)).status).toBe(200);
    }
  });
  it('429 for more than five resets with a token: of a suspended user too, none costs a hash after that', async () => {
    const { email, userId } = await limited.person();
    await limited.anonymous().post('/api/v1/auth/forgot-password', { email });
    const { text } = await limited.mail.nth(email, 2);
    const token = /token=([\w-]{43})/.exec(text)![1]!;
    await limited.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    vi.mocked(secrets.hashPassword).mockClear();
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries++) {
      const reset = { token, new_password: NEW_PASSWORD };
      statuses.push((await limited.anonymous().post('/api/v1/auth/reset-password', reset)).status);
    }
    expect(statuses).toEqual([...Array(5).fill(404), 429, 429]);
    expect(vi.mocked(secrets.hashPassword).mock.calls.length).toBeLessThanOrEqual(5);
  });
  it('429 for more than five passwords for an address by its mailed links', async () => {
    const email = limited.newAddress();
    const statuses: number[] = [];
    for (let links = 1; links <= 6; links++) {
      await limited.signUp(email);
      const verify = { token: await limited.linkTokenOf(email, links), new_password: NEW_PASSWORD };
      const answer = await limited.anonymous().post('/api/v1/auth/verify-email', verify);
      statuses.push(answer.status);
      await limited.resources
        .knex('users')
        .where({ id: answer.body.data?.user_id ?? 0 })
        .delete();
    }
    expect(statuses).toEqual([...Array(5).fill(200), 429]);
  });
});
