import { byToken, signedIn } from '@rivergate/testing';
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
const listed = async (person: Person) => (await person.caller.get('/api/v1/sessions')).body.data;

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
      impersonator: null,
      device_name: 'rivergate-test',
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
  it('403 for a token of no session', async () => {
    const { userId, sessionId } = await identity.person();
    const user = signedIn({ userId });
    for (const other of [{ ...user, sessionId: null }, byToken(user, { scope: ['read', 'write', 'admin'] })])
      expect((await identity.as(other).delete(`/api/v1/sessions/${sessionId}`)).status).toBe(403);
  });
  it.each(['abc', '-1', '0', '1.5', '99999999999999999999', "1'--"])('422 for %s', async id => {
    expect((await revoke(await identity.person(), encodeURIComponent(id))).status).toBe(422);
  });
});
