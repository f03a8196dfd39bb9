import { ssoRequirementChanged } from '@rivergate/events';
import { eventually, expectError, publishEvent, signedIn } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  PASSWORD,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { changeSettings, joinOrganization } from '../testing/join-organization.ts';
import { oauthFixture } from '../testing/oauth-fixture.ts';

const [INSIDE, OUTSIDE] = ['192.0.2.7', '203.0.113.9'];
const listing = (...networks: string[]) => ({
  network: { ip_allow_list: networks.map(network => ({ network, description: null })) },
});

let identity: IdentityUnderTest;
let person: Person;
let organization: number;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity?.stop());

const logIn = (ip: string, more = {}) =>
  identity.anonymous(ip).post('/api/v1/auth/login', { email: person.email, password: PASSWORD, ...more });
const refresh = (refresh_token: string, ip: string) =>
  identity.anonymous(ip).post('/api/v1/auth/refresh', { refresh_token });
const sessions = async () =>
  Number(
    (await identity.resources.knex('sessions').where({ user_id: person.userId }).count().first())!.count,
  );

describe('an organization that admits certain networks only', () => {
  beforeEach(async () => {
    person = await identity.person();
    organization = await joinOrganization(identity, person, listing('192.0.2.0/24', '2001:db8::/32'));
    const users = identity.resources.knex('users').where({ id: person.userId });
    await users.update({ last_organization_id: organization });
  });

  it('has sessions opened from these only; elsewhere one opens in an organization that admits it', async () => {
    for (const ip of [INSIDE, '2001:db8::7'])
      expect(decodeJwt((await logIn(ip).expect(200)).body.data.access_token).org_id).toBe(organization);
    const elsewhere = decodeJwt((await logIn(OUTSIDE).expect(200)).body.data.access_token).org_id;
    expect(elsewhere).toBe(1000 + person.userId);
  });

  it('403 where no other organization takes the user in, and no session is opened', async () => {
    identity.organization.startsAt.set(person.userId, { organization_id: null, workspace_id: null });
    const before = await sessions();
    expectError(await logIn(OUTSIDE), 403, 'IP_NOT_ALLOWED');
    expect(await sessions()).toBe(before);
    const refused = (await identity.audited(person.userId)).at(-1)!;
    expect(refused).toMatchObject({
      action: 'auth.login.failure',
      metadata: { reason: 'ip_not_allowed' },
      ip_address: OUTSIDE,
    });
    await logIn(INSIDE).expect(200);
  });

  it('403 where its workspace is asked for from outside', async () => {
    await changeSettings(identity, 7, listing('192.0.2.0/24'), 1);
    expectError(await logIn(OUTSIDE, { workspace_id: 77 }), 403, 'IP_NOT_ALLOWED');
    await logIn(INSIDE, { workspace_id: 77 }).expect(200);
    await changeSettings(identity, 7, listing(), 2);
  });

  it('403 for a refresh from outside, which spends nothing: the session goes on from within', async () => {
    const { refresh_token } = (await logIn(INSIDE)).body.data;
    for (let time = 0; time < 2; time++)
      expectError(await refresh(refresh_token, OUTSIDE), 403, 'IP_NOT_ALLOWED');
    const next = (await refresh(refresh_token, INSIDE).expect(200)).body.data.refresh_token;
    await changeSettings(identity, organization, listing('203.0.113.0/24'), 2);
    expectError(await refresh(next, INSIDE), 403, 'IP_NOT_ALLOWED');
    await changeSettings(identity, organization, listing(), 3);
    await refresh(next, INSIDE).expect(200);
  });

  it('keeps out nobody who administers the platform', async () => {
    await identity.resources.knex('users').where({ id: person.userId }).update({ is_system_admin: true });
    expect(decodeJwt((await logIn(OUTSIDE).expect(200)).body.data.access_token).org_id).toBe(organization);
  });
});

describe('an organization that is entered by its identity provider only', () => {
  const LOGIN_URL = 'https://rivergate.example/sign-in';
  const require = async (revision: number, required: boolean, exempt_user_ids: number[] = []) => {
    await publishEvent(identity, 'organization', ssoRequirementChanged, {
      subject: organization,
      data: {
        organization_id: organization,
        revision,
        required,
        break_glass_user_ids: [],
        exempt_user_ids,
        login_url: required ? LOGIN_URL : null,
        changes: {},
      },
    });
    const { knex } = identity.resources;
    await eventually(() =>
      knex('sso_requirements')
        .where({ organization_id: organization })
        .where('revision', '>=', revision)
        .first(),
    );
  };
  const users = () => identity.resources.knex('users').where({ id: person.userId });

  beforeEach(async () => {
    person = await identity.person();
    organization = await joinOrganization(identity, person, {});
    await users().update({ last_organization_id: organization });
  });

  it('has no session opened or renewed in it by a password; one opens elsewhere', async () => {
    const { refresh_token } = (await logIn(INSIDE)).body.data;
    await require(1, true);
    expect(decodeJwt((await logIn(INSIDE).expect(200)).body.data.access_token).org_id).toBe(
      1000 + person.userId,
    );
    const refused = await refresh(refresh_token, INSIDE);
    expectError(refused, 403, 'SSO_REQUIRED');
    expect(refused.body.error.details).toEqual([{ field: 'login_url', code: 'required', reason: LOGIN_URL }]);
    await require(2, false);
    await refresh(refresh_token, INSIDE).expect(200);
  });

  it('403 where no other organization takes the user in, at the first login too; audited, and no session opened', async () => {
    identity.organization.startsAt.set(person.userId, { organization_id: null, workspace_id: null });
    await require(1, true);
    const before = await sessions();
    for (const last_organization_id of [organization, null]) {
      await users().update({ last_organization_id });
      expectError(await logIn(INSIDE), 403, 'SSO_REQUIRED');
    }
    expect(await sessions()).toBe(before);
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
      action: 'auth.login.failure',
      metadata: { reason: 'sso_required' },
    });
  });

  it('lets in who is exempt, and believes no older word that comes late', async () => {
    await require(2, true, [person.userId]);
    await require(1, true);
    expect(decodeJwt((await logIn(INSIDE).expect(200)).body.data.access_token).org_id).toBe(organization);
  });
});

describe('an organization that allows no tokens of its own', () => {
  it('403 for a new one, by either endpoint, and for those of all organizations nothing changes', async () => {
    person = await identity.person();
    organization = await joinOrganization(identity, person, { features: FEATURES });
    identity.organization.everybodyIn.add(organization);
    const member = identity.as(
      signedIn({
        userId: person.userId,
        sessionId: person.sessionId,
        organizationId: organization,
        isMember: true,
      }),
    );
    const wanted = { name: 'Nightly', scopes: ['read'] };
    const make = async () => [
      (await member.post(`/api/v1/organizations/${organization}/tokens`, wanted)).status,
      (await member.post('/api/v1/auth/tokens', { ...wanted, organization_id: organization })).status,
      (await member.post('/api/v1/auth/tokens', wanted)).status,
    ];
    expect(await make()).toEqual([201, 201, 201]);
    const tokens = { access_token_minutes: 60, refresh_token_days: 30, organization_tokens_allowed: false };
    await changeSettings(identity, organization, { tokens }, 2);
    expect(await make()).toEqual([403, 403, 201]);
    await changeSettings(
      identity,
      organization,
      { features: { ...FEATURES, personal_access_tokens: false } },
      3,
    );
    expectError(
      await member.post(`/api/v1/organizations/${organization}/tokens`, wanted),
      403,
      'TOKEN_NOT_ALLOWED',
    );
  });
});

const FEATURES = { personal_access_tokens: true, oauth_applications: true };

describe('an organization that wants no OAuth applications', () => {
  it('has none made, and those that are there get no tokens until it wants them again', async () => {
    const oauth = oauthFixture(identity);
    const application = await oauth.application();
    const { organizationId } = application;
    const token = () => oauth.token(application, { grant_type: 'client_credentials' });
    expect((await token()).status).toBe(200);
    const off = { features: { ...FEATURES, oauth_applications: false } };
    await changeSettings(identity, organizationId, off, 1);
    const refused = await token();
    expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
    const wanted = {
      name: 'Another',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      scopes: ['read'],
    };
    const path = application.path.replace(/\/\d+$/, '');
    expectError(await application.admin.post(path, wanted), 403, 'APPLICATIONS_SWITCHED_OFF');
    await changeSettings(identity, organizationId, { features: FEATURES }, 2);
    expect((await token()).status).toBe(200);
  });
});
