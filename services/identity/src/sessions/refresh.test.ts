import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
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
const refresh = (refresh_token: string, headers?: Record<string, string>) =>
  identity.anonymous().post('/api/v1/auth/refresh', { refresh_token }, { headers });
const inRedis = (sessionId: number) => identity.resources.redis.get(`access:{session:${sessionId}}`);
const anotherSession = async ({ email }: Person, more = {}) =>
  identity.personOf(await identity.login(email, more), email);
const reasonOf = async (sessionId: number) =>
  (await identity.resources.knex('sessions').where({ id: sessionId }).first()).revoke_reason;

describe('refresh', () => {
  describe('200', () => {
    it('answers a new pair of the same session, place and methods', async () => {
      const person = await identity.person();
      const { status, body } = await refresh(person.refreshToken);
      expect(status).toBe(200);
      expect(Object.keys(body.data).sort()).toEqual([
        'access_token',
        'expires_in',
        'refresh_token',
        'token_type',
      ]);
      expect(body.data.refresh_token).not.toBe(person.refreshToken);
      const [before, after] = [decodeJwt(person.accessToken), decodeJwt(body.data.access_token)];
      for (const claim of ['sid', 'sub', 'org_id', 'amr', 'iss', 'aud'])
        expect(after[claim]).toEqual(before[claim]);
      expect(after.jti).not.toBe(before.jti);
      expect((await identity.audited(person.userId)).at(-1)!.action).toBe('auth.session.refreshed');
    });
    it('asks no other service when the session knows its organization', async () => {
      const person = await identity.person();
      const before = { ...identity.organization.asked };
      await refresh(person.refreshToken);
      expect(identity.organization.asked).toEqual(before);
    });
    it('does not lengthen the session, and no token outlives it', async () => {
      const person = await identity.person();
      const session = identity.resources.knex('sessions').where({ id: person.sessionId });
      const end = new Date(Date.now() + 90_500);
      await session.clone().update({ expires_at: end });
      const { body } = await refresh(person.refreshToken);
      expect(body.data.expires_in).toBeLessThanOrEqual(91);
      expect(decodeJwt(body.data.access_token).exp! * 1000).toBeLessThanOrEqual(end.getTime());
      expect((await session.clone().first()).expires_at).toEqual(end);
    });
    it('repeats the answer for the same Idempotency-Key and token', async () => {
      const person = await identity.person();
      const key = { 'idempotency-key': randomUUID() };
      const [first, second] = [
        await refresh(person.refreshToken, key),
        await refresh(person.refreshToken, key),
      ];
      expect(second.body).toEqual(first.body);
      expect((await refresh(first.body.data.refresh_token)).status).toBe(200);
    });
  });

  describe('401', () => {
    it('for a used token, which ends its session and no other, and is audited', async () => {
      const person = await identity.person();
      const other = await anotherSession(person);
      const { body } = await refresh(person.refreshToken);
      const reused = await refresh(person.refreshToken);
      expect([reused.status, reused.body.error.code]).toEqual([401, 'INVALID_TOKEN']);
      expect((await refresh(body.data.refresh_token)).status).toBe(401);
      expect(await inRedis(person.sessionId)).toBe('revoked');
      expect(await reasonOf(person.sessionId)).toBe('refresh_token_reused');
      const actions = (await identity.audited(person.userId)).map(row => row.action);
      expect(actions.slice(-2)).toEqual(['auth.refresh.reused', 'auth.session.revoked']);
      expect((await refresh(other.refreshToken)).status).toBe(200);
    });
    it('for the second of two at once, which ends the session', async () => {
      const person = await identity.person();
      const answers = await Promise.all([refresh(person.refreshToken), refresh(person.refreshToken)]);
      expect(answers.map(answer => answer.status).sort()).toEqual([200, 401]);
      expect(await reasonOf(person.sessionId)).toBe('refresh_token_reused');
    });
    it('for a retry after the time for which an Idempotency-Key is kept', async () => {
      const person = await identity.person();
      const key = { 'idempotency-key': randomUUID() };
      await refresh(person.refreshToken, key);
      const kept = await identity.resources.knex('idempotency_keys').orderBy('expires_at', 'desc').first();
      expect(kept.expires_at.getTime() - Date.now()).toBeLessThanOrEqual(60_000);
      await identity.resources.knex('idempotency_keys').update({ expires_at: new Date(0) });
      expect((await refresh(person.refreshToken, key)).status).toBe(401);
    });
    it('for an unknown one, a revoked or expired session, and a suspended user', async () => {
      expect((await refresh('unknown')).body.error.code).toBe('INVALID_TOKEN');
      const revoked = await identity.person();
      await revoked.caller.post('/api/v1/auth/logout');
      expect((await refresh(revoked.refreshToken)).status).toBe(401);
      const expired = await identity.person();
      await identity.resources
        .knex('sessions')
        .where({ id: expired.sessionId })
        .update({ expires_at: new Date() });
      expect((await refresh(expired.refreshToken)).status).toBe(401);
      const suspended = await identity.person();
      await identity.resources
        .knex('users')
        .where({ id: suspended.userId })
        .update({ disabled_at: new Date() });
      expect((await refresh(suspended.refreshToken)).status).toBe(401);
    });
  });
  describe('a thief with a used token', () => {
    it('who guesses keys gets nothing, and ends the session as without a key', async () => {
      const person = await identity.person();
      await refresh(person.refreshToken, { 'idempotency-key': randomUUID() });
      for (const guess of ['retry-1', '1', person.email, '00000000-0000-0000-0000-000000000000']) {
        const refused = await refresh(person.refreshToken, { 'idempotency-key': guess });
        expect([refused.status, refused.body.data], guess).toEqual([422, undefined]);
      }
      const stolen = await refresh(person.refreshToken, { 'idempotency-key': randomUUID() });
      expect(stolen.body.error.code).toBe('INVALID_TOKEN');
      expect(await reasonOf(person.sessionId)).toBe('refresh_token_reused');
    });
    it('and the key of another refresh gets nothing of either', async () => {
      const [one, two] = [await identity.person(), await identity.person()];
      const key = { 'idempotency-key': randomUUID() };
      const first = await refresh(one.refreshToken, key);
      await refresh(two.refreshToken);
      const stolen = await refresh(two.refreshToken, key);
      expect([stolen.status, stolen.body.data]).toEqual([401, undefined]);
      expect((await refresh(first.body.data.refresh_token)).status).toBe(200);
    });
  });
  it.each([[''], ['x'.repeat(513)], [7], [null], ['a\0b']])('422 for %j', async token => {
    expect((await refresh(token as string)).status).toBe(422);
  });
  it('keeps no token in clear', async () => {
    const person = await identity.person();
    const { body } = await refresh(person.refreshToken, { 'idempotency-key': randomUUID() });
    const { knex } = identity.resources;
    for (const table of ['refresh_tokens', 'sessions', 'outbox', 'idempotency_keys', 'audit_log']) {
      const everything: string = await knex.transaction(async db => {
        await db.raw("select set_config('rivergate.scope', 'platform', true)");
        return (
          await db.raw("select coalesce(string_agg(??::text, ' '), '') as everything from ??", [table, table])
        ).rows[0].everything;
      });
      for (const secret of [person.refreshToken, body.data.refresh_token, body.data.access_token]) {
        expect(everything).not.toContain(secret);
      }
    }
  });
});
