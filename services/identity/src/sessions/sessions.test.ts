import {
  dataSchemaOf,
  type EventDeclaration,
  memberRemoved,
  memberStatusChanged,
  topicOf,
} from '@rivergate/events';
import { eventually, fellowService, signedIn } from '@rivergate/testing';
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
const inRedis = (sessionId: number) => identity.resources.redis.get(`session:${sessionId}`);
const anotherSession = async ({ email }: Person, more = {}) =>
  identity.personOf(await identity.login(email, more), email);
const listed = async (person: Person) => (await person.caller.get('/api/v1/sessions')).body.data;
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
      const key = { 'idempotency-key': 'retry-1' };
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
    it('for a retry after the grace of its Idempotency-Key', async () => {
      const person = await identity.person();
      const key = { 'idempotency-key': 'retry-late' };
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
  it('409 for an Idempotency-Key that went with another token', async () => {
    const [one, two] = [await identity.person(), await identity.person()];
    const key = { 'idempotency-key': 'shared' };
    await refresh(one.refreshToken, key);
    expect((await refresh(two.refreshToken, key)).body.error.code).toBe('IDEMPOTENCY_CONFLICT');
  });
  it.each([[''], ['x'.repeat(513)], [7], [null], ['a\0b']])('422 for %j', async token => {
    expect((await refresh(token as string)).status).toBe(422);
  });
  it('keeps no token in clear', async () => {
    const person = await identity.person();
    const { body } = await refresh(person.refreshToken, { 'idempotency-key': 'sealed' });
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

describe('logout', () => {
  it('204 ends this session at once, and no other', async () => {
    const person = await identity.person();
    const other = await anotherSession(person);
    const { status, text } = await person.caller.post('/api/v1/auth/logout');
    expect([status, text]).toEqual([204, '']);
    expect(await inRedis(person.sessionId)).toBe('revoked');
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await refresh(other.refreshToken)).status).toBe(200);
    expect((await identity.audited(person.userId)).map(row => row.metadata.reason)).toContain('logout');
  });
  it('400 for a token of no session', async () => {
    const { userId } = await identity.person();
    const { status, body } = await identity
      .as(signedIn({ userId, sessionId: null }))
      .post('/api/v1/auth/logout');
    expect([status, body.error.code]).toEqual([400, 'LOGOUT_FAILED']);
  });
  it('401 for nobody, 422 for a body with fields', async () => {
    expect((await identity.anonymous().post('/api/v1/auth/logout')).status).toBe(401);
    const person = await identity.person();
    expect((await person.caller.post('/api/v1/auth/logout', { all: true })).status).toBe(422);
  });
});

describe('logout-all', () => {
  it('204 ends every session of the caller, and nobody else’s', async () => {
    const [person, stranger] = [await identity.person(), await identity.person()];
    const other = await anotherSession(person);
    expect((await person.caller.post('/api/v1/auth/logout-all')).status).toBe(204);
    for (const ended of [person, other]) {
      expect((await refresh(ended.refreshToken)).status).toBe(401);
      expect(await inRedis(ended.sessionId)).toBe('revoked');
    }
    expect((await refresh(stranger.refreshToken)).status).toBe(200);
  });
  it('403 for a token of no session', async () => {
    const { userId } = await identity.person();
    expect(
      (await identity.as(signedIn({ userId, sessionId: null })).post('/api/v1/auth/logout-all')).status,
    ).toBe(403);
  });
});

describe('GET sessions', () => {
  it('200 with the active ones, the current first, then by activity', async () => {
    const person = await identity.person();
    const [second, third] = [await anotherSession(person), await anotherSession(person)];
    const ended = await anotherSession(person);
    await ended.caller.post('/api/v1/auth/logout');
    const sessions = identity.resources.knex('sessions');
    await sessions
      .clone()
      .where({ id: second.sessionId })
      .update({ last_activity_at: new Date(Date.now() + 60_000) });
    const { sessions: found, ...counts } = await listed(person);
    expect(counts).toEqual({ total_count: 3, active_count: 3 });
    expect(found.map((session: { id: number }) => session.id)).toEqual([
      person.sessionId,
      second.sessionId,
      third.sessionId,
    ]);
    expect(found[0]).toEqual({
      id: person.sessionId,
      user_id: person.userId,
      ip_address: '192.0.2.7',
      user_agent: expect.any(String),
      created_at: expect.any(String),
      last_activity_at: expect.any(String),
      expires_at: expect.any(String),
      revoked_at: null,
      is_current: true,
    });
    expect(found[1].is_current).toBe(false);
  });
  it('422 for query parameters', async () => {
    expect((await (await identity.person()).caller.get('/api/v1/sessions?limit=1')).status).toBe(422);
  });
});

describe('DELETE session', () => {
  const revoke = (person: Person, sessionId: number | string) =>
    person.caller.delete(`/api/v1/sessions/${sessionId}`);
  it('200 ends it at once; another request answers 404', async () => {
    const person = await identity.person();
    const other = await anotherSession(person);
    const { status, body } = await revoke(person, other.sessionId);
    expect([status, body.data]).toEqual([200, { success: true }]);
    expect(await inRedis(other.sessionId)).toBe('revoked');
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect((await revoke(person, other.sessionId)).body.error.code).toBe('SESSION_NOT_FOUND');
    expect((await revoke(person, person.sessionId)).status).toBe(200);
  });
  it('404 for another user’s session, which goes on', async () => {
    const [person, stranger] = [await identity.person(), await identity.person()];
    expect((await revoke(person, stranger.sessionId)).status).toBe(404);
    expect((await revoke(person, 999_999_999)).status).toBe(404);
    expect((await refresh(stranger.refreshToken)).status).toBe(200);
  });
  it('403 for a token of no session, or of an OAuth client', async () => {
    const { userId, sessionId } = await identity.person();
    for (const token of [{ sessionId: null }, { sessionId, clientId: 'app' }]) {
      const caller = identity.as(signedIn({ userId, ...token }));
      expect((await caller.delete(`/api/v1/sessions/${sessionId}`)).status).toBe(403);
    }
  });
  it.each(['abc', '-1', '0', '1.5', '99999999999999999999', "1'--"])('422 for %s', async id => {
    expect((await revoke(await identity.person(), encodeURIComponent(id))).status).toBe(422);
  });
});

describe('what the gateway and organization ask', () => {
  const gateway = () => identity.as(fellowService('gateway'));
  const organization = () => identity.as(fellowService('organization'));
  const state = (sessionId: number) => gateway().get(`/internal/sessions/${sessionId}`);

  it('the state of a session, which counts as activity', async () => {
    const { userId, sessionId, caller } = await identity.person();
    const session = identity.resources.knex('sessions').where({ id: sessionId });
    await session.clone().update({ last_activity_at: new Date(Date.now() - 60_000) });
    const asked = await state(sessionId);
    expect(asked.body.data).toEqual({
      session_id: sessionId,
      user_id: userId,
      active: true,
      is_system_admin: false,
    });
    expect(Date.now() - (await session.clone().first()).last_activity_at).toBeLessThan(10_000);
    await caller.post('/api/v1/auth/logout');
    expect((await state(sessionId)).body.data.active).toBe(false);
    expect((await state(999_999_999)).status).toBe(404);
  });
  it('is not told to people', async () => {
    const { caller, sessionId } = await identity.person();
    expect((await caller.get(`/internal/sessions/${sessionId}`)).status).toBe(401);
    expect((await identity.anonymous().get(`/internal/sessions/${sessionId}`)).status).toBe(401);
  });
  it('a suspended user has no active session', async () => {
    const { userId, sessionId } = await identity.person();
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expect((await state(sessionId)).body.data.active).toBe(false);
  });
  it('tokens for another organization: the refresh token before dies, the next login starts there', async () => {
    const person = await identity.person();
    const place = { user_id: person.userId, organization_id: 42, workspace_id: 43 };
    const path = `/internal/sessions/${person.sessionId}/organization`;
    const { status, body } = await organization().post(path, place);
    expect(status).toBe(200);
    expect(decodeJwt(body.data.access_token)).toMatchObject({ org_id: 42, sid: person.sessionId });
    expect((await refresh(person.refreshToken)).status).toBe(401);
    const next = await refresh(body.data.refresh_token);
    expect(decodeJwt(next.body.data.access_token).org_id).toBe(42);
    expect(decodeJwt((await identity.login(person.email)).body.data.access_token).org_id).toBe(42);
    expect((await identity.audited(person.userId)).map(row => row.action)).toContain('auth.session.moved');

    const stranger = await identity.person();
    expect((await organization().post(path, { ...place, user_id: stranger.userId })).status).toBe(404);
    await person.caller.post('/api/v1/auth/logout');
    expect((await organization().post(path, place)).body.error.code).toBe('SESSION_NOT_FOUND');
  });
});

describe('membership', () => {
  const happened = async (declaration: EventDeclaration, userId: number, data: object) => {
    const event = {
      specversion: '1.0' as const,
      id: crypto.randomUUID(),
      source: '/rivergate/organization',
      type: declaration.type,
      subject: String(userId),
      time: new Date().toISOString(),
      datacontenttype: 'application/json' as const,
      dataschema: dataSchemaOf(declaration),
      actor: '1',
      organizationid: '7',
      data: { organization_id: 7, user_id: userId, ...data },
    };
    await identity.resources.eventLog.publish([{ topic: topicOf(declaration), key: event.subject, event }]);
  };

  it('removed: logged out everywhere, and elsewhere the next time', async () => {
    const person = await identity.person();
    const other = await anotherSession(person, { workspace_id: 77 });
    await happened(memberRemoved, person.userId, {});
    await eventually(async () => (await inRedis(other.sessionId)) === 'revoked');
    expect(await reasonOf(person.sessionId)).toBe('member_removed');
    expect((await refresh(person.refreshToken)).status).toBe(401);
    const next = await identity.login(person.email);
    expect(decodeJwt(next.body.data.access_token).org_id).toBe(1000 + person.userId);
  });
  it('suspended: logged out of that organization, and of no other', async () => {
    const person = await identity.person();
    const there = await anotherSession(person, { workspace_id: 77 });
    await happened(memberStatusChanged, person.userId, { status: 'suspended' });
    await eventually(async () => (await inRedis(there.sessionId)) === 'revoked');
    expect((await refresh(there.refreshToken)).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(200);
    const next = await identity.login(person.email);
    expect(decodeJwt(next.body.data.access_token).org_id).toBe(1000 + person.userId);
  });
});
