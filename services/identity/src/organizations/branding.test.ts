import { organizationBrandingChanged, organizationDeleted, organizationUpdated } from '@rivergate/events';
import { eventually, expectError, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deviceFixture } from '../testing/device-fixture.ts';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { CALLBACK, ISSUER, oauthFixture, type TestApplication } from '../testing/oauth-fixture.ts';
import { setOpenRegistration } from '../testing/open-registration.ts';
import { registrationFixture } from '../testing/registration-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
});
afterAll(() => identity?.stop());

const LOGO = 'l'.repeat(43);
const rows = () => identity.resources.knex('organization_branding');

/** Publishes what an organization shows from now on; resolves when identity knows of it. */
async function brand(
  organization_id: number,
  logo_id: string | null = LOGO,
  time = new Date(),
  known = true,
) {
  const name = `Acme ${organization_id}`;
  const data = { organization_id, name, accent_color: '#0b7a75', logo_id };
  await publishEvent(identity, 'organization', organizationBrandingChanged, {
    subject: organization_id,
    data,
    time,
  });
  if (known) await eventually(async () => rows().where({ organization_id, logo_id }).first(), 'the branding');
  const logo_url = logo_id && `${ISSUER}/api/v1/branding/logos/${logo_id}`;
  return { organization_name: name, accent_color: '#0b7a75', logo_url };
}

const info = ({ client_id }: Pick<TestApplication, 'client_id'>, more = {}) =>
  identity
    .anonymous()
    .get(`/api/v1/oauth/app-info?${oauth.form({ client_id, redirect_uri: CALLBACK, ...more })}`);
const shown = async (...args: Parameters<typeof info>) =>
  (await info(...args).expect(200)).body.data.branding;

it('is shown by the application of the organization, by no other one, and wherever it leads', async () => {
  const [own, other] = [
    await oauth.application({ post_logout_redirect_uris: [CALLBACK] }),
    await oauth.application(),
  ];
  expect(await shown(own)).toBeNull();
  const branding = await brand(own.organizationId);
  expect(await shown(own)).toEqual(branding);
  expect(await shown(other)).toBeNull();
  const elsewhere = { resource: `${ISSUER}/api/v1/organizations/${own.organizationId}` };
  expectError(await info(other, elsewhere), 400, 'INVALID_TARGET');

  const leaving = { client_id: own.client_id, confirmed: false };
  const left = await identity.anonymous().post('/api/v1/oauth/end-session', leaving).expect(200);
  expect(left.body.data.branding).toEqual(branding);
  const nobody = await identity.anonymous().post('/api/v1/oauth/end-session', { confirmed: false });
  expect(nobody.body.data.branding).toBeNull();

  const device = deviceFixture(identity);
  const terminal = await device.application({}, own.organizationId);
  const { user_code } = await device.codes(terminal);
  const found = await device.find(await identity.person(), user_code).expect(200);
  expect(found.body.data.branding).toEqual(branding);
});

it('is not lent to a client that says itself what it is, whichever organization that names', async () => {
  const organization = await oauth.application();
  await brand(organization.organizationId);
  await setOpenRegistration(identity, organization.organizationId, true);
  const { register, issue } = registrationFixture(identity);
  const metadata = { client_name: 'Acme', redirect_uris: [CALLBACK] };
  const open = (await register(metadata)).body;
  const resource = `${ISSUER}/api/v1/organizations/${organization.organizationId}`;
  expect(await shown(open, { resource })).toBeNull();
  const { token } = await issue(organization);
  expect(await shown((await register(metadata, token)).body)).toBeNull();
});

it('is that of the organization in which the session acts, to who is signed in', async () => {
  const { organizationId } = await oauth.application();
  const branding = await brand(organizationId);
  const { userId, sessionId } = await identity.person();
  const seen = async (active: number | null) =>
    (
      await identity
        .as(signedIn({ userId, sessionId, organizationId: active }))
        .get('/api/v1/auth/me')
        .expect(200)
    ).body.data.branding;
  expect(await seen(organizationId)).toEqual(branding);
  expect(await seen(null)).toBeNull();
  expect(await seen(organizationId + 1)).toBeNull();
});

it('follows each change, also of the name, and an older one that comes late changes nothing', async () => {
  const application = await oauth.application();
  const { organizationId: organization_id } = application;
  const branding = await brand(organization_id);
  await brand(organization_id, 'o'.repeat(43), new Date(Date.now() - 60_000), false);
  const data = { organization_id, fields: ['name'], name: 'Renamed', plan: 'individual' };
  await publishEvent(identity, 'organization', organizationUpdated, { subject: organization_id, data });
  await eventually(async () => (await shown(application)).organization_name === 'Renamed', 'the name');
  expect(await shown(application)).toEqual({ ...branding, organization_name: 'Renamed' });
  expect((await brand(organization_id, null)).logo_url).toBeNull();
  expect((await shown(application)).logo_url).toBeNull();
});

it('goes with the organization', async () => {
  const { organizationId: organization_id } = await oauth.application();
  await brand(organization_id);
  const data = { organization_id, name: 'Acme', reason: 'deleted' };
  await publishEvent(identity, 'organization', organizationDeleted, { subject: organization_id, data });
  await eventually(async () => !(await rows().where({ organization_id }).first()), 'the end of the branding');
});
