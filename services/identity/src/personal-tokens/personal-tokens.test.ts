import { randomUUID } from 'node:crypto';
import { memberRemoved, organizationSettingsChanged, userStatusChanged } from '@rivergate/events';
import { prefixOf, tokenHash } from '@rivergate/secrets';
import { byToken, eventually, fellowService, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { forgetEndedTokens } from './token-store.ts';

const DAY = 86_400_000;
const path = '/api/v1/auth/tokens';

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

let organizations = 9_000;
const newOrganization = () => {
  identity.organization.everybodyIn.add(++organizations);
  return organizations;
};
const create = async (person: Person, more: object = {}) =>
  (await person.caller.post(path, { name: 'Nightly', scopes: ['read'], ...more }).expect(201)).body.data;
const state = async (token: string) =>
  (
    await identity
      .as(fellowService('gateway'))
      .post('/internal/tokens/state', { token_hash: tokenHash(token) })
  ).body.data;
const row = (token: string) =>
  identity.resources.knex('personal_tokens').where({ token_hash: tokenHash(token) });
const inRedis = (token: string) => identity.resources.redis.get(`access:{token:${tokenHash(token)}}`);
const memberOf = (organizationId: number, { userId }: Person, more: object = {}) =>
  identity.as(signedIn({ userId, organizationId, ...more }));
const days = (created: { expires_at: string; created_at: string }) =>
  Math.round((Date.parse(created.expires_at) - Date.parse(created.created_at)) / DAY);

async function sets(organizationId: number, minutes: number, revision: number): Promise<void> {
  const settings = {
    password_policy: { min_length: 8, require_special_character: false },
    sessions: { lifetime_minutes: 1440, remembered_lifetime_days: 30 },
    tokens: { access_token_minutes: 60, refresh_token_days: 30, access_token_expire_minutes: minutes },
  };
  const data = { organization_id: organizationId, revision, fields: [], settings };
  await publishEvent(identity, 'organization', organizationSettingsChanged, {
    subject: organizationId,
    data,
  });
  const policy = () =>
    identity.resources.knex('organization_policies').where({ organization_id: organizationId }).first();
  await eventually(async () => (await policy())?.revision === revision);
}

describe('creating a token', () => {
  it('answers it once, keeps its hash only, and lasts 90 days where nobody says otherwise', async () => {
    const person = await identity.person();
    const created = await create(person, { scopes: ['read', 'write', 'read'] });
    expect(created.token).toMatch(/^pat_[\w-]{43}$/);
    expect(prefixOf(created.token)).toBe('pat');
    expect(created).toMatchObject({ name: 'Nightly', scopes: ['read', 'write'], organization_id: null });
    expect(created.message).toEqual(expect.any(String));
    expect(days(created)).toBe(90);
    const kept = JSON.stringify([
      await row(created.token),
      await identity.audited(person.userId),
      await identity.resources.knex('outbox'),
      (await person.caller.get(path)).body,
    ]);
    expect(kept).toContain(tokenHash(created.token));
    expect(kept).not.toContain(created.token);
    expect((await identity.audited(person.userId)).map(({ action }) => action)).toContain('token.created');
  });

  it('acts in the personal organization where a path names none', async () => {
    const person = await identity.person();
    expect(await state((await create(person)).token)).toMatchObject({
      user_id: person.userId,
      organization_id: 1000 + person.userId,
      bound: false,
      scopes: ['read'],
      state: 'active',
    });
  });

  it('is bound to an organization of which the caller is a member; another and none answer alike', async () => {
    const person = await identity.person();
    const organization_id = newOrganization();
    const created = await create(person, { organization_id, expires_in_days: 3 });
    expect([created.organization_id, days(created)]).toEqual([organization_id, 3]);
    expect(await state(created.token)).toMatchObject({ organization_id, bound: true });
    const refused = await person.caller.post(path, {
      name: 'x',
      scopes: ['read'],
      organization_id: 99_999_999,
    });
    expect([refused.status, refused.body.error.code]).toEqual([400, 'TOKEN_CREATION_FAILED']);
  });

  it('takes a session: no token makes or changes another', async () => {
    const { userId, ...person } = await identity.person();
    const { id } = await create({ userId, ...person });
    const token = identity.as(byToken(signedIn({ userId }), { scope: ['read', 'write', 'admin'] }));
    expect((await token.post(path, { name: 'x', scopes: ['admin'] })).body.error.code).toBe('FORBIDDEN');
    await token.patch(`${path}/${id}`, { scopes: ['admin'] }).expect(403);
    await token.get(path).expect(200);
    await token.delete(`${path}/${id}`).expect(200);
  });

  it.each([
    { scopes: ['read'] },
    { name: '', scopes: ['read'] },
    { name: 'x'.repeat(101), scopes: ['read'] },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['root'] },
    { name: 'x', scopes: ['read'], expires_in_days: 0 },
    { name: 'x', scopes: ['read'], expires_in_days: 366 },
    { name: 'x', scopes: ['read'], token: 'pat_mine' },
  ])('422 for %j', async body => {
    await (await identity.person()).caller.post(path, body).expect(422);
  });

  it('with a random key twice makes one, and takes no other key', async () => {
    const person = await identity.person();
    const body = { name: 'x', scopes: ['read'] };
    const headers = { 'idempotency-key': randomUUID() };
    const [one, two] = [
      await person.caller.post(path, body, { headers }),
      await person.caller.post(path, body, { headers }),
    ];
    expect(one.body.data.token).toBe(two.body.data.token);
    await person.caller.post(path, body, { headers: { 'idempotency-key': 'one' } }).expect(422);
  });
});

describe('the list of tokens', () => {
  it('has those of the caller, of both kinds and expired ones, the newest first; never a token', async () => {
    const [person, other] = [await identity.person(), await identity.person()];
    await create(other);
    const [first, second, third] = [
      await create(person, { organization_id: newOrganization() }),
      await create(person),
      await create(person),
    ];
    await row(second.token).update({ expires_at: new Date(Date.now() - 1_000) });
    await person.caller.delete(`${path}/${third.id}`).expect(200);
    const { tokens, total_count } = (await person.caller.get(path)).body.data;
    expect([total_count, tokens.map(({ id }: { id: number }) => id)]).toEqual([2, [second.id, first.id]]);
    expect(tokens[0].last_used_at).toBeNull();
    expect((await person.caller.get(`${path}?limit=1`)).body.data.tokens).toHaveLength(1);
  });
});

describe('changing a token', () => {
  it('renames it and replaces its scopes, which the gateway has to ask for again', async () => {
    const person = await identity.person();
    const { token, id, expires_at } = await create(person);
    const changed = await person.caller.patch(`${path}/${id}`, { name: 'Other', scopes: ['write', 'write'] });
    expect(changed.body.data).toMatchObject({ id, name: 'Other', scopes: ['write'], expires_at });
    expect(await inRedis(token)).toMatch(/^changed /);
    expect((await state(token)).scopes).toEqual(['write']);
    expect((await identity.audited(person.userId)).map(({ action }) => action)).toContain('token.changed');
  });

  it('404 for that of somebody else, one that is revoked and one that never was; 422 for what stays', async () => {
    const [person, other] = [await identity.person(), await identity.person()];
    const [mine, revoked] = [await create(person), await create(person)];
    await person.caller.delete(`${path}/${revoked.id}`);
    for (const [caller, id] of [
      [other.caller, mine.id],
      [person.caller, revoked.id],
      [person.caller, 999_999_999],
    ]) {
      const answer = await caller.patch(`${path}/${id}`, { name: 'Taken over' });
      expect([answer.status, answer.body.error.code]).toEqual([404, 'TOKEN_NOT_FOUND']);
    }
    for (const body of [{ expires_in_days: 365 }, { organization_id: null }, { scopes: [] }])
      await person.caller.patch(`${path}/${mine.id}`, body).expect(422);
  });
});

describe('revoking a token', () => {
  it('ends it at once, for ten who do so together once, and says so in the audit log', async () => {
    const person = await identity.person();
    const { token, id } = await create(person);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => person.caller.delete(`${path}/${id}`)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(9).fill(404)]);
    expect(await inRedis(token)).toBe('revoked');
    expect((await state(token)).state).toBe('revoked');
    const revocations = (await identity.audited(person.userId)).filter(
      ({ action }) => action === 'token.revoked',
    );
    expect(revocations).toHaveLength(1);
  });

  it('is for its owner alone', async () => {
    const [person, other] = [await identity.person(), await identity.person()];
    const { token, id } = await create(person);
    await other.caller.delete(`${path}/${id}`).expect(404);
    expect((await state(token)).state).toBe('active');
  });
});

describe('tokens of an organization', () => {
  const at = (organization: number) => `/api/v1/organizations/${organization}/tokens`;

  it('are made by members, listed by administrators and revoked by either', async () => {
    const organization = newOrganization();
    const [member, admin] = [await identity.person(), await identity.person()];
    const body = { name: 'x', scopes: ['read'] };
    const asMember = memberOf(organization, member);
    const asAdmin = memberOf(organization, admin, { isAdmin: true, permissions: ['*'] });
    const [one, two] = [
      (await asMember.post(at(organization), body).expect(201)).body.data,
      (await asMember.post(at(organization), body).expect(201)).body.data,
    ];
    await create(member);
    expect(one.organization_id).toBe(organization);
    expect((await member.caller.get(path)).body.data.total_count).toBe(3);

    const refused = await asMember.get(at(organization));
    expect([refused.status, refused.body.error.code]).toEqual([403, 'PERMISSION_DENIED']);
    const { tokens, total_count } = (await asAdmin.get(at(organization))).body.data;
    expect([total_count, tokens[0].user]).toEqual([
      2,
      { id: member.userId, email: member.email, display_name: expect.any(String) },
    ]);
    expect((await asAdmin.get(`${at(organization)}?user_id=${admin.userId}`)).body.data.total_count).toBe(0);

    const colleague = memberOf(organization, await identity.person());
    const denied = await colleague.delete(`${at(organization)}/${one.id}`);
    expect([denied.status, denied.body.error.code]).toEqual([403, 'PERMISSION_DENIED']);
    await asMember.delete(`${at(organization)}/${one.id}`).expect(200);
    await asAdmin.delete(`${at(organization)}/${two.id}`).expect(200);
    await asAdmin.delete(`${at(organization)}/${two.id}`).expect(404);
  });

  it('of another organization are not found, and who is no member is refused like for none', async () => {
    const [organization, other] = [newOrganization(), newOrganization()];
    const person = await identity.person();
    const { id } = await create(person, { organization_id: other });
    const admin = memberOf(organization, await identity.person(), { isAdmin: true });
    expect((await admin.delete(`${at(organization)}/${id}`)).body.error.code).toBe('TOKEN_NOT_FOUND');
    for (const refused of [
      await admin.get(at(other)),
      await admin.post(at(other), { name: 'x', scopes: ['read'] }),
      await admin.delete(`${at(other)}/${id}`),
    ])
      expect([refused.status, refused.body.error.code]).toEqual([403, 'ORGANIZATION_ACCESS_DENIED']);
  });

  it('are managed as administrator by a token with the scope admin only', async () => {
    const organization = newOrganization();
    const [owner, admin] = [await identity.person(), await identity.person()];
    const { id } = await create(owner, { organization_id: organization });
    const user = signedIn({ userId: admin.userId, organizationId: organization, isAdmin: true });
    const by = (...scope: ('read' | 'write' | 'admin')[]) =>
      identity.as(byToken(user, { scope, boundTo: organization }));
    await by('read', 'write').get(at(organization)).expect(403);
    await by('admin').get(at(organization)).expect(200);
    await by('write')
      .delete(`${at(organization)}/${id}`)
      .expect(403);
    await by('write', 'admin')
      .delete(`${at(organization)}/${id}`)
      .expect(200);
  });
});

describe('an organization that limits the life of its tokens', () => {
  it('is the ceiling of new ones and shortens those that are out', async () => {
    const person = await identity.person();
    const organization_id = newOrganization();
    const early = await create(person, { organization_id, expires_in_days: 90 });
    const free = await create(person);
    await sets(organization_id, 1_440, 1);
    await eventually(async () => (await inRedis(early.token))?.startsWith('changed'));
    expect(await inRedis(free.token)).toBeNull();
    for (const wish of [{}, { expires_in_days: 30 }])
      expect(days(await create(person, { organization_id, ...wish }))).toBe(1);
    const { tokens } = (await person.caller.get(path)).body.data;
    expect(days(tokens.find(({ id }: { id: number }) => id === early.id))).toBe(1);
    expect(days({ created_at: early.created_at, ...(await state(early.token)) })).toBe(1);
    expect(days(tokens.find(({ id }: { id: number }) => id === free.id))).toBe(90);
  });

  it('has a ceiling of 90 days where it says nothing', async () => {
    const person = await identity.person();
    expect(days(await create(person, { organization_id: newOrganization(), expires_in_days: 365 }))).toBe(90);
    expect(days(await create(person, { expires_in_days: 365 }))).toBe(365);
  });
});

describe('the owner of a token', () => {
  it('who is removed from an organization loses those that act in it only, for good', async () => {
    const person = await identity.person();
    const organization_id = newOrganization();
    const [bound, free] = [await create(person, { organization_id }), await create(person)];
    const data = { organization_id, user_id: person.userId };
    await publishEvent(identity, 'organization', memberRemoved, { subject: organization_id, data });
    await eventually(async () => (await inRedis(bound.token)) === 'revoked');
    expect([(await state(bound.token)).state, (await state(free.token)).state]).toEqual([
      'revoked',
      'active',
    ]);
  });

  it('who is suspended: his tokens are refused, and the gateway is made to ask', async () => {
    const person = await identity.person();
    const { token } = await create(person);
    await identity.resources.knex('users').where({ id: person.userId }).update({ disabled_at: new Date() });
    const data = { user_id: person.userId, status: 'suspended' };
    await publishEvent(identity, 'identity', userStatusChanged, { subject: person.userId, data });
    await eventually(async () => (await inRedis(token))?.startsWith('changed'));
    expect((await state(token)).state).toBe('suspended');
  });
});

describe('the use of a token', () => {
  it('is noted when the gateway asks, once a minute at most', async () => {
    const { token } = await create(await identity.person());
    const used = async () => (await row(token).first()).last_used_at?.getTime();
    await state(token);
    const first = await used();
    await state(token);
    expect([typeof first, await used()]).toEqual(['number', first]);
    await row(token).update({ last_used_at: new Date(Date.now() - 61_000) });
    await state(token);
    expect(await used()).toBeGreaterThanOrEqual(first);
  });

  it('is told to nobody but who decides', async () => {
    const person = await identity.person();
    const { token } = await create(person);
    const body = { token_hash: tokenHash(token) };
    await person.caller.post('/internal/tokens/state', body).expect(401);
    await identity
      .as(fellowService('gateway'))
      .post('/internal/tokens/state', { token_hash: 'x' })
      .expect(404);
  });
});

describe('a token that has ended long ago', () => {
  it('is forgotten; others stay', async () => {
    const person = await identity.person();
    const [expired, revoked, good] = [await create(person), await create(person), await create(person)];
    const ago = new Date(Date.now() - 91 * DAY);
    await row(expired.token).update({ expires_at: ago });
    await row(revoked.token).update({ revoked_at: ago });
    await forgetEndedTokens(identity.resources.knex);
    const left = await identity.resources
      .knex('personal_tokens')
      .where({ user_id: person.userId })
      .pluck('id');
    expect(left).toEqual([good.id]);
  });
});
