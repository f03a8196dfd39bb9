import type { Principal } from '@rivergate/caller';
import {
  type EventDeclaration,
  memberRemoved,
  memberStatusChanged,
  workspaceDeleted,
} from '@rivergate/events';
import { eventually, fellowService, publishEvent } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  PASSWORD,
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

describe('what the gateway and organization ask', () => {
  const gateway = () => identity.as(fellowService('gateway'));
  const organization = (facts: Partial<Principal>) => identity.as(fellowService('organization', facts));
  const memberOf42 = ({ userId, sessionId }: { userId: number; sessionId: number }) => ({
    userId,
    sessionId,
    organizationId: 42,
    isMember: true,
  });
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
      must_enrol: false,
      device_trusted: false,
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
  it('opens, moves, makes and takes back for nobody but the service that its contract names', async () => {
    const { sessionId, userId } = await identity.person();
    const account = { email: identity.newAddress(), password: 'x', display_name: null, ip: null };
    for (const name of ['sso', 'storage', 'identity', 'gateway']) {
      const other = identity.as(fellowService(name, memberOf42({ userId, sessionId })));
      const tries = [
        await other.post('/internal/organizations/42/session', { workspace_id: 43 }),
        await other.post('/internal/users', account),
        await other.delete(`/internal/users/${userId}`),
      ];
      expect(tries.map(answer => answer.status)).toEqual([403, 403, 403]);
      expect(tries.map(answer => answer.body.data)).toEqual([undefined, undefined, undefined]);
    }
  });
  it('the state of a session to every service: each decides about its own writes that have waited', async () => {
    const { sessionId } = await identity.person();
    for (const name of ['gateway', 'organization', 'storage'])
      expect((await identity.as(fellowService(name)).get(`/internal/sessions/${sessionId}`)).status).toBe(
        200,
      );
  });
  it('a suspended user has no active session', async () => {
    const { userId, sessionId } = await identity.person();
    await identity.resources.knex('users').where({ id: userId }).update({ disabled_at: new Date() });
    expect((await state(sessionId)).body.data.active).toBe(false);
  });
  const deadlocks = async () => {
    const { rows } = await identity.resources.knex.raw(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    return rows[0].deadlocks;
  };
  const waiting = async () => {
    const { rows } = await identity.resources.knex.raw(
      "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows[0].count;
  };
  it('tokens for another organization, while refresh tokens are traded in: one or the other, and never a deadlock', async () => {
    const people = await Promise.all(Array.from({ length: 3 }, () => identity.person()));
    const before = await deadlocks();
    for (let round = 0; round < 3; round++) {
      // Whoever holds the tokens lets all of them line up, first the refreshes.
      const answers = await identity.resources.knex.transaction(async holding => {
        const sessions = people.map(({ sessionId }) => sessionId);
        await holding('refresh_tokens').whereIn('session_id', sessions).forUpdate().select();
        const traded = people.map(async ({ refreshToken }) => refresh(refreshToken));
        await eventually(async () => (await waiting()) === people.length);
        const moved = people.map(async person =>
          organization(memberOf42(person)).post('/internal/organizations/42/session', { workspace_id: 43 }),
        );
        await eventually(async () => (await waiting()) === 2 * people.length);
        return { traded, moved };
      });
      const moved = await Promise.all(answers.moved);
      const traded = await Promise.all(answers.traded);
      expect([...traded, ...moved].map(({ status }) => status)).toEqual(Array(6).fill(200));
      for (const [index, person] of people.entries()) {
        expect((await refresh(traded[index]!.body.data.refresh_token)).status).toBe(401);
        person.refreshToken = moved[index]!.body.data.refresh_token;
      }
    }
    expect(await deadlocks()).toBe(before);
  });
  it('tokens for another organization, while the password changes: the session ends, and never a deadlock', async () => {
    const person = await identity.person();
    const before = await deadlocks();
    const answers = await identity.resources.knex.transaction(async holding => {
      await holding('sessions').where({ id: person.sessionId }).forUpdate().select();
      const moving = (async () =>
        organization(memberOf42(person)).post('/internal/organizations/42/session', { workspace_id: 43 }))();
      await eventually(async () => (await waiting()) === 1);
      const passwords = { current_password: PASSWORD, new_password: 'Another2horse!' };
      const changing = (async () => person.caller.post('/api/v1/auth/change-password', passwords))();
      await eventually(async () => (await waiting()) === 2);
      return { moving, changing };
    });
    const [moved, changed] = [await answers.moving, await answers.changing];
    expect([moved.status, changed.status]).toEqual([200, 200]);
    expect(await deadlocks()).toBe(before);
    expect((await refresh(moved.body.data.refresh_token)).status).toBe(401);
  });
  it('tokens for another organization: the refresh token before becomes invalid, the next login starts there', async () => {
    const person = await identity.person();
    const place = { workspace_id: 43 };
    const path = '/internal/organizations/42/session';
    const { status, body } = await organization(memberOf42(person)).post(path, place);
    expect(status).toBe(200);
    expect(decodeJwt(body.data.access_token)).toMatchObject({ org_id: 42, sid: person.sessionId });
    expect((await refresh(person.refreshToken)).status).toBe(401);
    const next = await refresh(body.data.refresh_token);
    expect(decodeJwt(next.body.data.access_token).org_id).toBe(42);
    expect(decodeJwt((await identity.login(person.email)).body.data.access_token).org_id).toBe(42);
    expect((await identity.audited(person.userId)).map(row => row.action)).toContain('auth.session.moved');

    const stranger = await identity.person();
    const { userId } = stranger;
    const posing = organization(memberOf42({ userId, sessionId: person.sessionId }));
    expect((await posing.post(path, place)).status).toBe(404);
    await person.caller.post('/api/v1/auth/logout');
    const ended = await organization(memberOf42(person)).post(path, place);
    expect(ended.body.error.code).toBe('SESSION_NOT_FOUND');
    for (const refused of [{}, { ...memberOf42(person), sessionId: null }])
      expect((await organization(refused).post(path, place)).status).toBe(403);
    const elsewhere = organization({ ...memberOf42(person), organizationId: 7 });
    expect((await elsewhere.post(path, place)).status).toBe(404);
  });
});

describe('membership', () => {
  const happened = (declaration: EventDeclaration, userId: number, data: object) =>
    publishEvent(identity, 'organization', declaration, {
      subject: userId,
      data: { organization_id: 7, user_id: userId, ...data },
    });

  it('of a workspace that is deleted: the session goes on without one, and so does the next login', async () => {
    const person = await identity.person();
    const { userId: user_id, sessionId } = await anotherSession(person, { workspace_id: 77 });
    const { knex } = identity.resources;
    const placeOf = () => knex('sessions').where({ id: sessionId }).first('organization_id', 'workspace_id');
    const { organization_id } = await placeOf();
    const data = { organization_id, workspace_id: 77, name: 'Gone', slug: 'gone' };
    await publishEvent(identity, 'organization', workspaceDeleted, { subject: 77, data });
    await eventually(async () => (await placeOf()).workspace_id === null);
    expect(await placeOf()).toEqual({ organization_id, workspace_id: null });
    const account = await knex('users')
      .where({ id: user_id })
      .first('last_organization_id', 'last_workspace_id');
    expect(account).toEqual({ last_organization_id: organization_id, last_workspace_id: null });
  });
  it.each([
    ['sessions', 'workspace_id'],
    ['users', 'last_workspace_id'],
  ])('a workspace is found in %s by an index, however many rows there are', async (table, column) => {
    const plan = await identity.resources.knex.transaction(async db => {
      // A table of so few rows would be read whole in any case.
      await db.raw('set local enable_seqscan = off');
      const { rows } = await db.raw('explain update ?? set ?? = null where ?? = 77', [table, column, column]);
      return JSON.stringify(rows);
    });
    expect(plan).toContain(`${table}_${column}_idx`);
  });

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
