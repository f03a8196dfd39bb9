import { acrossOrganizations } from '@rivergate/endpoint';
import {
  memberAdded,
  organizationDeleted,
  organizationDeletionScheduled,
  organizationRestored,
} from '@rivergate/events';
import { eventually, fellowService, publishEvent } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
});
afterAll(() => identity?.stop());

const deleted = (organization_id: number) =>
  publishEvent(identity, 'organization', organizationDeletionScheduled, {
    subject: organization_id,
    data: {
      organization_id,
      name: 'Acme',
      erase_at: new Date(Date.now() + 86_400_000).toISOString(),
      revoked_invitations: 0,
    },
  });
const ownToken = (application: TestApplication) =>
  oauth.token(application, { grant_type: 'client_credentials' });
const isActive = async ({ sessionId }: Person) =>
  (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`)).body.data.active;
const users = () => identity.resources.knex('users');

/** Somebody whose session is in the organization. */
async function personIn(organizationId: number): Promise<Person> {
  const { email, userId } = await identity.person();
  await users().where({ id: userId }).update({ last_organization_id: organizationId });
  return identity.personOf(await identity.login(email), email);
}

it('sessions in a deleted organization end, others go on, and nobody starts there', async () => {
  const { organizationId } = await oauth.application();
  const [inside, outside] = [await personIn(organizationId), await identity.person()];
  await deleted(organizationId);
  await eventually(async () => !(await isActive(inside)), 'the end of the session');
  expect(await isActive(outside)).toBe(true);
  const again = await identity.login(inside.email);
  expect(decodeJwt(again.body.data.access_token).org_id).not.toBe(organizationId);
});

it('its applications lose their tokens and get none, ten at once, until it is restored', async () => {
  const application = await oauth.application();
  const { organizationId } = application;
  const before = (await ownToken(application)).body.access_token as string;
  const [racing] = await Promise.all([
    Promise.all(Array.from({ length: 10 }, () => ownToken(application))),
    deleted(organizationId),
  ]);
  await eventually(async () => (await oauth.state(before)).state === 'revoked', 'the end of the token');
  for (const { body } of racing)
    if (body.access_token) expect((await oauth.state(body.access_token)).state).toBe('revoked');
  expect(refusal(await ownToken(application))).toEqual([401, 'invalid_client']);

  await publishEvent(identity, 'organization', organizationRestored, {
    subject: organizationId,
    data: { organization_id: organizationId, name: 'Acme' },
  });
  await eventually(async () => (await ownToken(application)).status === 200, 'a token again');
  expect((await oauth.state(before)).state).toBe('revoked');
});

it('what is kept of it is erased in the end, and that is confirmed by an event', async () => {
  const { organizationId: organization_id } = await oauth.application();
  const { knex } = identity.resources;
  await publishEvent(identity, 'organization', memberAdded, {
    subject: 1,
    data: { organization_id, user_id: 1, role_id: null, is_admin: false, source: 'admin' },
  });
  await eventually(async () => (await knex('memberships').where({ organization_id }).first()) !== undefined);
  await publishEvent(identity, 'organization', organizationDeleted, {
    subject: organization_id,
    data: { organization_id, name: 'Acme', reason: 'deleted' },
  });
  const confirmed = () =>
    knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('audit_log').where({ organization_id, action: 'organization.erased' }).first('id');
    });
  await eventually(async () => (await confirmed()) !== undefined, 'the confirmation');
  for (const table of [
    'oauth_applications',
    'personal_tokens',
    'organization_policies',
    'organization_branding',
    'memberships',
    'users',
  ]) {
    const column = table === 'users' ? 'last_organization_id' : 'organization_id';
    expect(await knex(table).where(column, organization_id)).toEqual([]);
  }
});
