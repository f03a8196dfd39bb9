import {
  memberAdded,
  memberRemoved,
  memberStatusChanged,
  organizationSettingsChanged,
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

const MINUTE = 60_000;
const DAY = 86_400_000;

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

interface Limits {
  lifetime_minutes?: number;
  remembered_lifetime_days?: number;
  access_token_minutes?: number;
  refresh_token_days?: number;
  min_length?: number;
  require_special_character?: boolean;
}

/** Settings as organization tells of them: every one, also those that identity does nothing about. */
const settingsWith = (limits: Limits) => {
  const {
    lifetime_minutes = 1440,
    remembered_lifetime_days = 30,
    access_token_minutes = 60,
    refresh_token_days = 30,
    min_length = 8,
    require_special_character = false,
  } = limits;
  return {
    password_policy: { min_length, require_special_character },
    sessions: { lifetime_minutes, remembered_lifetime_days },
    tokens: { access_token_minutes, refresh_token_days },
    sso: { required: false },
  };
};

let revisions = 0;
/** An organization changes its settings, and identity has processed the event. */
async function sets(organizationId: number, limits: Limits, revision = ++revisions): Promise<void> {
  const data = { organization_id: organizationId, revision, fields: [], settings: settingsWith(limits) };
  await publishEvent(identity, 'organization', organizationSettingsChanged, {
    subject: organizationId,
    data,
  });
  await everythingProcessed();
}
/** Every event so far has been processed: one that is published now comes after them in the same consumers. */
async function everythingProcessed(): Promise<void> {
  const marker = ++markers;
  const { knex } = identity.resources;
  const data = { organization_id: marker, revision: 0, fields: [], settings: settingsWith({}) };
  await publishEvent(identity, 'organization', organizationSettingsChanged, { subject: marker, data });
  const membership = {
    organization_id: marker,
    user_id: marker,
    role_id: null,
    is_admin: false,
    source: 'x',
  };
  await publishEvent(identity, 'organization', memberAdded, { subject: marker, data: membership });
  for (const table of ['organization_policies', 'memberships'])
    await eventually(
      async () => (await knex(table).where({ organization_id: marker }).first()) !== undefined,
    );
}
let markers = 5_000_000;

let organizations = 7_000;
const newOrganization = () => ++organizations;

const refresh = (refresh_token: string) =>
  identity.anonymous().post('/api/v1/auth/refresh', { refresh_token });
const session = ({ sessionId }: Person) => identity.resources.knex('sessions').where({ id: sessionId });
const loggedInAgo = (person: Person, milliseconds: number) =>
  session(person).update({ created_at: new Date(Date.now() - milliseconds) });
const isActive = async ({ sessionId }: Person) =>
  (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`)).body.data.active;
/** The session in its owner's list; undefined when it is not active. */
const listed = async (person: Person) =>
  (await person.caller.get('/api/v1/sessions')).body.data.sessions.find(
    ({ id }: { id: number }) => id === person.sessionId,
  );
const switched = ({ sessionId, userId }: Person, organizationId: number) =>
  identity
    .as(fellowService('organization', { userId, sessionId, organizationId, isMember: true }))
    .post(`/internal/organizations/${organizationId}/session`, { workspace_id: null });

/** Someone whose session is in the organization. */
async function personIn(organizationId: number, more: object = {}): Promise<Person> {
  const { email, userId } = await identity.person();
  await identity.resources
    .knex('users')
    .where({ id: userId })
    .update({ last_organization_id: organizationId });
  return identity.personOf(await identity.login(email, more), email);
}

describe('session lifetime of an organization', () => {
  it('ends a session so long after its login, and says so in the list', async () => {
    const strict = newOrganization();
    await sets(strict, { lifetime_minutes: 15 });
    const person = await personIn(strict);
    const { created_at, expires_at } = await listed(person);
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(15 * MINUTE);

    await loggedInAgo(person, 14 * MINUTE);
    const { status, body } = await refresh(person.refreshToken);
    expect([status, await isActive(person)]).toEqual([200, true]);
    expect(body.data.expires_in).toBeLessThanOrEqual(60);

    await loggedInAgo(person, 15 * MINUTE);
    expect(await isActive(person)).toBe(false);
    expect(await listed(person)).toBeUndefined();
    expect((await refresh(body.data.refresh_token)).body.error.code).toBe('INVALID_TOKEN');
  });
  it('counts days for a remembered session, and minutes for no other', async () => {
    const strict = newOrganization();
    await sets(strict, { lifetime_minutes: 15, remembered_lifetime_days: 2 });
    const person = await personIn(strict, { remember_me: true });
    await loggedInAgo(person, 2 * DAY - MINUTE);
    expect(await isActive(person)).toBe(true);
    await loggedInAgo(person, 2 * DAY);
    expect(await isActive(person)).toBe(false);
  });
  it('never lengthens a session', async () => {
    const lax = newOrganization();
    await sets(lax, { lifetime_minutes: 1440 });
    const person = await personIn(lax);
    const end = new Date(Date.now() + MINUTE);
    await session(person).update({ expires_at: end });
    expect((await listed(person)).expires_at).toBe(end.toISOString());
  });
  it('counts from the login when the session comes from elsewhere, and stays when it leaves', async () => {
    const [strict, lax] = [newOrganization(), newOrganization()];
    await sets(strict, { lifetime_minutes: 15 });
    const person = await identity.person();
    await loggedInAgo(person, 10 * MINUTE);
    const there = await switched(person, strict);
    expect(there.status).toBe(200);
    expect(there.body.data.expires_in).toBeLessThanOrEqual(300);
    const back = await switched(person, lax);
    expect(back.body.data.expires_in).toBeLessThanOrEqual(300);
  });
  it('lets no session in that is older, and leaves it where it was', async () => {
    const strict = newOrganization();
    await sets(strict, { lifetime_minutes: 15 });
    const person = await identity.person();
    await loggedInAgo(person, 16 * MINUTE);
    const { status, body } = await switched(person, strict);
    expect([status, body.error.message]).toEqual([404, expect.stringContaining('log in again')]);
    const next = await refresh(person.refreshToken);
    expect(decodeJwt(next.body.data.access_token).org_id).toBe(1000 + person.userId);
  });
  it('counts for sessions opened before: the overdue end at once, with event and audit; others in their time', async () => {
    const becoming = newOrganization();
    const [old, young, elsewhere] = [
      await personIn(becoming),
      await personIn(becoming),
      await identity.person(),
    ];
    for (const person of [old, elsewhere]) await loggedInAgo(person, 16 * MINUTE);
    await sets(becoming, { lifetime_minutes: 15 });

    const { redis } = identity.resources;
    await eventually(async () => (await redis.get(`access:{session:${old.sessionId}}`)) === 'revoked');
    expect((await session(old).first()).revoke_reason).toBe('organization_settings');
    expect((await identity.audited(old.userId)).at(-1)).toMatchObject({
      action: 'auth.session.revoked',
      metadata: { session_id: old.sessionId, reason: 'organization_settings' },
    });
    expect((await refresh(old.refreshToken)).status).toBe(401);

    expect(Date.parse((await listed(young)).expires_at)).toBeLessThanOrEqual(Date.now() + 15 * MINUTE);
    expect((await refresh(elsewhere.refreshToken)).status).toBe(200);
  });
});

describe('token lifetimes of an organization', () => {
  it('bound the access token at login, refresh and switch', async () => {
    const strict = newOrganization();
    await sets(strict, { access_token_minutes: 5 });
    const person = await identity.person();
    const there = await switched(person, strict);
    expect(there.body.data.expires_in).toBe(300);
    expect((await identity.login(person.email)).body.data.expires_in).toBe(300);
    const next = await refresh(there.body.data.refresh_token);
    const { exp, iat } = decodeJwt(next.body.data.access_token);
    expect([next.body.data.expires_in, exp! - iat!]).toEqual([300, 300]);
  });
  it('bound the refresh token, and with it the session that it would prolong', async () => {
    const strict = newOrganization();
    await sets(strict, { refresh_token_days: 3 });
    const person = await personIn(strict, { remember_me: true });
    const token = identity.resources.knex('refresh_tokens').where({ session_id: person.sessionId });
    await token.clone().update({ created_at: new Date(Date.now() - 3 * DAY + MINUTE) });
    const { body } = await refresh(person.refreshToken);
    await token
      .clone()
      .where({ used_at: null })
      .update({ created_at: new Date(Date.now() - 3 * DAY) });
    expect((await refresh(body.data.refresh_token)).body.error.code).toBe('INVALID_TOKEN');
    expect((await session(person).first()).revoke_reason).toBe('organization_settings');
  });
});

describe('what identity knows of settings', () => {
  it('is not rolled back by an older event that comes late, nor by one that comes twice', async () => {
    const organization = newOrganization();
    await sets(organization, { access_token_minutes: 5 }, 2);
    await sets(organization, { access_token_minutes: 30 }, 1);
    await sets(organization, { access_token_minutes: 5 }, 2);
    const person = await identity.person();
    expect((await switched(person, organization)).body.data.expires_in).toBe(300);
    await sets(organization, { access_token_minutes: 60 }, 3);
    expect((await switched(person, organization)).body.data.expires_in).toBe(3600);
  });
});

describe('password policies of organizations', () => {
  const change = ({ caller }: Person, new_password: string) =>
    caller.post('/api/v1/auth/change-password', { current_password: PASSWORD, new_password });
  const happens = async (
    declaration: typeof memberAdded | typeof memberRemoved | typeof memberStatusChanged,
    { userId }: Person,
    organizationId: number,
    more: { status?: string; time?: Date } = {},
  ) => {
    const { time, ...rest } = more;
    const given = { role_id: null, is_admin: false, source: 'invitation', ...rest };
    const data = { organization_id: organizationId, user_id: userId, ...given };
    await publishEvent(identity, 'organization', declaration, { subject: userId, data, time });
    await everythingProcessed();
  };

  it('422 with what to do, for a member; nothing is changed and no try is counted', async () => {
    const [strict, other] = [newOrganization(), newOrganization()];
    await sets(strict, { min_length: 12 });
    await sets(other, { min_length: 10, require_special_character: true });
    const person = await identity.person();
    for (const organization of [strict, other]) await happens(memberAdded, person, organization);
    const { status, body } = await change(person, 'Tenletter1');
    expect([status, body.error.code]).toEqual([422, 'VALIDATION_ERROR']);
    expect(body.error.message).toContain('at least 12 characters');
    expect(body.error.details).toEqual([
      {
        field: 'body.new_password',
        code: 'too_small',
        reason: expect.stringContaining('must be at least 12 characters long'),
      },
      {
        field: 'body.new_password',
        code: 'missing_character',
        reason: expect.stringContaining('must hold a special character'),
      },
    ]);
    expect((await change(person, 'Longenough12')).body.error.details).toHaveLength(1);
    expect((await refresh(person.refreshToken)).status).toBe(200);
    expect((await change(person, 'Longenough-12')).status).toBe(200);
  });
  it('422 for a reset, and the token stays good', async () => {
    const strict = newOrganization();
    await sets(strict, { min_length: 12, require_special_character: true });
    const person = await identity.person();
    await happens(memberAdded, person, strict);
    await identity.anonymous().post('/api/v1/auth/forgot-password', { email: person.email });
    const token = await identity.linkTokenOf(person.email, 2);
    const reset = (new_password: string) =>
      identity.anonymous().post('/api/v1/auth/reset-password', { token, new_password });
    expect((await reset('Longenough12')).body.error.code).toBe('VALIDATION_ERROR');
    expect((await reset('Longenough 12')).status).toBe(422);
    expect((await reset('Longenough!12')).status).toBe(204);
  });
  it('count for active members only: not for those suspended, removed, or never in', async () => {
    const strict = newOrganization();
    await sets(strict, { min_length: 20 });
    const [suspended, removed, stranger] = [
      await identity.person(),
      await identity.person(),
      await identity.person(),
    ];
    for (const person of [suspended, removed]) await happens(memberAdded, person, strict);
    await happens(memberStatusChanged, suspended, strict, { status: 'suspended' });
    await happens(memberRemoved, removed, strict);
    for (const person of [suspended, removed, stranger])
      expect((await change(person, 'Onlyfew1')).status).toBe(200);
  });
  it('count again for who comes back, and not for who is said to have joined before leaving', async () => {
    const strict = newOrganization();
    await sets(strict, { min_length: 20 });
    const [back, gone] = [await identity.person(), await identity.person()];
    for (const person of [back, gone]) {
      await happens(memberAdded, person, strict);
      await happens(memberRemoved, person, strict);
    }
    await happens(memberAdded, back, strict);
    await happens(memberAdded, gone, strict, { time: new Date(Date.now() - MINUTE) });
    expect((await change(back, 'Onlyfew1')).status).toBe(422);
    expect((await change(gone, 'Onlyfew1')).status).toBe(200);
  });
});
