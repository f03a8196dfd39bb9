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
