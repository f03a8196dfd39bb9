import * as secrets from '@rivergate/secrets';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

vi.mock('@rivergate/secrets', { spy: true });

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  person = await identity.person();
});
afterAll(() => identity.stop());

const history = async (query = '') =>
  (await person.caller.get(`/api/v1/auth/login-history${query}`)).body.data;

describe('login', () => {
  describe('200', () => {
    it('answers tokens for the place last used, and audits it', async () => {
      const { status, body } = await identity.login(` ${person.email.toUpperCase()} `);
      expect(status).toBe(200);
      expect(body.data).toEqual({
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'bearer',
        expires_in: 3600,
        user_id: person.userId,
        email: person.email,
        display_name: expect.any(String),
        is_verified: true,
      });
      const claims = decodeJwt(body.data.access_token);
      expect(claims).toMatchObject({ org_id: 1000 + person.userId, amr: ['pwd'] });
      expect(claims.exp! - claims.iat!).toBe(3600);
      expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
        action: 'auth.login.success',
        ip_address: '192.0.2.7',
        metadata: { method: 'password', remember_me: false, session_id: claims.sid },
      });
    });
    it('lasts a day, or thirty with remember_me', async () => {
      for (const [remember_me, days] of [
        [false, 1],
        [true, 30],
      ] as const) {
        const { sessionId } = identity.personOf(
          await identity.login(person.email, { remember_me }),
          person.email,
        );
        const session = await identity.resources.knex('sessions').where({ id: sessionId }).first();
        expect(session.expires_at - session.created_at).toBe(days * 86_400_000);
      }
    });
    it('starts in the workspace asked for, and there the next time as well', async () => {
      const other = await identity.person();
      const asked = await identity.login(other.email, { workspace_id: 77 });
      expect(decodeJwt(asked.body.data.access_token).org_id).toBe(7);
      const next = await identity.login(other.email);
      expect(decodeJwt(next.body.data.access_token).org_id).toBe(7);
    });
    it('starts nowhere while organization is down and no place is known', async () => {
      const other = await identity.person();
      await identity.resources
        .knex('users')
        .where({ id: other.userId })
        .update({ last_organization_id: null });
      identity.organization.down = true;
      const { status, body } = await identity.login(other.email);
      identity.organization.down = false;
      expect(status).toBe(200);
      expect(decodeJwt(body.data.access_token).org_id).toBeNull();
    });
    it('asks for verification when the address is not verified, with a new code, and never 403', async () => {
      const email = identity.newAddress();
      const { body: registered } = await identity.signUp(email);
      await identity.resources
        .knex('users')
        .where({ id: registered.data.user_id })
        .update({ disabled_at: new Date() });
      const { status, body } = await identity.login(email);
      expect([status, body.data.email_verification_required]).toEqual([200, true]);
      await identity.resources
        .knex('users')
        .where({ id: registered.data.user_id })
        .update({ disabled_at: null });
      const verification = {
        temporary_token: body.data.temporary_token,
        otp_code: await identity.codeOf(email, 2),
      };
      expect((await identity.anonymous().post('/api/v1/auth/verify-otp', verification)).status).toBe(200);
      expect((await identity.audited(registered.data.user_id)).map(row => row.metadata.reason)).toContain(
        'email_not_verified',
      );
    });
  });

  describe('401', () => {
    beforeEach(() => void vi.mocked(secrets.verifyPassword).mockClear());

    it('is the same for a wrong password and for an unknown address, after the same work', async () => {
      const wrong = await identity.login(person.email, { password: 'Wrong1password' });
      expect(secrets.verifyPassword).toHaveBeenCalledTimes(1);
      const unknown = await identity.login('nobody@example.com');
      expect(secrets.verifyPassword).toHaveBeenCalledTimes(2);
      const [againstOwn, againstDecoy] = vi.mocked(secrets.verifyPassword).mock.calls.map(([hash]) => hash);
      expect(againstDecoy).not.toBe(againstOwn);
      expect(againstDecoy!.split('$').slice(0, 4)).toEqual(againstOwn!.split('$').slice(0, 4));

      expect(wrong.status).toBe(401);
      const visible = ({ status, body }: typeof wrong) => [status, { ...body.error, request_id: '' }];
      expect(visible(unknown)).toEqual(visible(wrong));
    });
    it('is the answer for an account without a password, after the same work', async () => {
      const other = await identity.person();
      await identity.resources.knex('users').where({ id: other.userId }).update({ password_hash: null });
      vi.mocked(secrets.verifyPassword).mockClear();
      expect((await identity.login(other.email)).status).toBe(401);
      expect(secrets.verifyPassword).toHaveBeenCalledTimes(1);
    });
    it('is audited, for an unknown address too, which the log does not hold in clear', async () => {
      await identity.login(person.email, { password: 'Wrong1password' });
      expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
        action: 'auth.login.failure',
        metadata: { reason: 'invalid_password' },
      });
      await identity.login('unheard-of@example.com');
      const outbox = await identity.resources
        .knex('outbox')
        .select(identity.resources.knex.raw('event::text as text'));
      expect(outbox.some(row => row.text.includes('unheard-of'))).toBe(false);
    });
    it('is no answer to a workspace or a suspension before the password is right', async () => {
      const wrong = { password: 'Wrong1password', workspace_id: 999 };
      expect((await identity.login(person.email, wrong)).body.error.code).toBe('INVALID_CREDENTIALS');
    });
    it('is the answer when the password changes between the check and the session', async () => {
      const other = await identity.person();
      vi.mocked(secrets.verifyPassword).mockImplementationOnce(async () => {
        await identity.resources
          .knex('users')
          .where({ id: other.userId })
          .update({ password_hash: 'changed' });
        return true;
      });
      expect((await identity.login(other.email)).body.error.code).toBe('INVALID_CREDENTIALS');
    });
  });

  it('403 for a suspended user, once the password is right', async () => {
    const other = await identity.person();
    await identity.resources.knex('users').where({ id: other.userId }).update({ disabled_at: new Date() });
    expect((await identity.login(other.email, { password: 'Wrong1password' })).status).toBe(401);
    const { status, body } = await identity.login(other.email);
    expect([status, body.error.code]).toEqual([403, 'ACCOUNT_DISABLED']);
    expect((await identity.audited(other.userId)).at(-1)!.metadata.reason).toBe('account_disabled');
  });
  it('404 for a workspace out of reach, and 503 when nobody can say', async () => {
    const missing = await identity.login(person.email, { workspace_id: 999 });
    expect([missing.status, missing.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
    identity.organization.down = true;
    expect((await identity.login(person.email, { workspace_id: 77 })).status).toBe(503);
    identity.organization.down = false;
  });
  it.each([
    ['an oversized password', { password: 'x'.repeat(1025) }],
    ['NUL in the password', { password: 'a\0b' }],
    ['a workspace that is no id', { workspace_id: -1 }],
    ['remember_me as text', { remember_me: 'yes' }],
    ['an address that is none', { email: "' or 1=1 --" }],
  ])('422 for %s', async (_, wrong) => {
    expect((await identity.login(person.email, wrong)).status).toBe(422);
  });
});

describe('login-history', () => {
  it('200 with the own logins, newest first, filtered and paged', async () => {
    const all = await history();
    expect(all).toMatchObject({ limit: 50, offset: 0, total_count: all.history.length });
    expect(new Set(all.history.map((entry: { action: string }) => entry.action))).toEqual(
      new Set(['auth.login.success', 'auth.login.failure']),
    );
    const ids = all.history.map((entry: { id: number }) => entry.id);
    expect(ids).toEqual(ids.toSorted((a: number, b: number) => b - a));
    const failures = await history('?filter=failure&limit=1&offset=1');
    expect(failures.history).toHaveLength(1);
    expect(failures.history[0]).toEqual({
      id: expect.any(Number),
      action: 'auth.login.failure',
      ip_address: '192.0.2.7',
      user_agent: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      metadata: { reason: 'invalid_password' },
    });
  });
  it('holds nothing of others', async () => {
    const other = await identity.person();
    const { body } = await other.caller.get('/api/v1/auth/login-history');
    expect(body.data.history).toMatchObject([{ metadata: { method: 'password', remember_me: false } }]);
  });
  it('401 for nobody', async () => {
    expect((await identity.anonymous().get('/api/v1/auth/login-history')).status).toBe(401);
  });
  it.each(['limit=0', 'limit=101', 'offset=-1', 'filter=all', 'limit=ten', 'page=1'])(
    '422 for %s',
    async query => {
      expect((await person.caller.get(`/api/v1/auth/login-history?${query}`)).status).toBe(422);
    },
  );
});

describe('limits of an address', () => {
  let limited: IdentityUnderTest;
  beforeAll(async () => {
    limited = await startIdentityUnderTest({
      RATE_LIMIT_LOGIN: '5/900',
      RATE_LIMIT_SIGNUP_CODE: '3/300',
      RATE_LIMIT_SIGNUP_CODE_DAILY: '20/86400',
    });
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
