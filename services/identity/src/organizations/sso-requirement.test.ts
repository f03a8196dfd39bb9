import { createHash } from 'node:crypto';
import { ssoRequirementChanged } from '@rivergate/events';
import { eventually, expectError, fellowService, publishEvent, type TestAnswer } from '@rivergate/testing';
import {
  clientOf,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { joinOrganization } from '../testing/join-organization.ts';
import { CALLBACK, ISSUER, oauthFixture, type TestApplication } from '../testing/oauth-fixture.ts';
import { passkeysUnderTest } from '../testing/passkeys-under-test.ts';

const LOGIN_URL = 'https://rivergate.example/sign-in';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const VERIFIER = 'v'.repeat(43);

let elsewhere: IdentityProviderUnderTest;
let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let person: Person;
let organization: number;
let application: TestApplication;
let revision = 0;
beforeAll(async () => {
  elsewhere = await startIdentityProvider({ clients: [clientOf('google')] });
  identity = await startIdentityUnderTest({
    SOCIAL_GOOGLE_CLIENT_ID: 'rivergate-google',
    SOCIAL_GOOGLE_CLIENT_SECRET: SECRET,
    SOCIAL_GOOGLE_ISSUER: elsewhere.issuer,
  });
  oauth = oauthFixture(identity);
});
afterAll(async () => {
  await identity?.stop();
  await elsewhere?.stop();
});

const { holder, login: loginByPasskey } = passkeysUnderTest(() => identity);

async function require(required: boolean) {
  const data = {
    organization_id: organization,
    revision: ++revision,
    required,
    break_glass_user_ids: [],
    exempt_user_ids: [],
    login_url: required ? LOGIN_URL : null,
    changes: {},
  };
  await publishEvent(identity, 'organization', ssoRequirementChanged, { subject: organization, data });
  await eventually(() =>
    identity.resources.knex('sso_requirements').where({ organization_id: organization, revision }).first(),
  );
}
/** Has the person start in an organization that alone takes them in. */
async function memberOfOne(member: Person) {
  organization = await joinOrganization(identity, member, {});
  identity.organization.startsAt.set(member.userId, { organization_id: null, workspace_id: null });
  const users = identity.resources.knex('users').where({ id: member.userId });
  await users.update({ last_organization_id: organization });
}
function refusedTo(answer: TestAnswer) {
  expectError(answer, 403, 'SSO_REQUIRED');
  expect(answer.body.error.details).toEqual([{ field: 'login_url', code: 'required', reason: LOGIN_URL }]);
}
const good = ({ status, text }: TestAnswer) => expect([status, text]).toEqual([200, text]);

/** A session that the identity provider of an organization has opened. */
async function signedInBy(ssoOrganization: number): Promise<Person> {
  const place = { organization_id: ssoOrganization, workspace_id: 4_200 };
  identity.organization.startsAt.set(person.userId, place);
  const { body } = await identity
    .as(fellowService('sso'))
    .post('/internal/sso-logins', {
      user_id: person.userId,
      organization_id: ssoOrganization,
      provider_id: 7,
      login_id: `login ${++revision}`,
      methods: ['pwd'],
      code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      expires_at: null,
    })
    .expect(201);
  const traded = { code: body.data.code, code_verifier: VERIFIER };
  const answer = await identity.anonymous().post('/api/v1/auth/sso/login', traded).expect(200);
  const opened = identity.personOf(answer, person.email);
  // As the gateway has it from the token.
  return { ...opened, caller: identity.as({ ...opened.principal, sessionBoundTo: ssoOrganization }) };
}

describe('an organization that is entered by its identity provider only', () => {
  it('takes in nobody by a passkey, until it takes in everybody again', async () => {
    const owner = await holder();
    await memberOfOne(owner);
    good(await loginByPasskey(owner));
    await require(true);
    refusedTo(await loginByPasskey(owner));
    await require(false);
    good(await loginByPasskey(owner));
  });

  it('takes in nobody by an account elsewhere, by callback or login', async () => {
    const them = { sub: 'ada', email: identity.newAddress(), email_verified: true, name: 'Ada' };
    const path = '/api/v1/auth/oauth';
    async function sent() {
      const { body } = await identity.anonymous().get(`${path}/google/url`).expect(200);
      return await elsewhere.signIn(body.data.oauth_url, them);
    }
    const callback = async () =>
      identity.anonymous().get(`${path}/google/callback?${new URLSearchParams(await sent())}`);
    const login = async () =>
      identity.anonymous().post(`${path}/login`, { provider: 'google', ...(await sent()) });
    await memberOfOne(identity.personOf(await callback(), them.email));
    await require(true);
    for (const way of [callback, login]) refusedTo(await way());
    await require(false);
    for (const way of [callback, login]) good(await way());
  });

  it('gives no access token to a browser that keeps a session in it', async () => {
    person = await identity.person();
    await memberOfOne(person);
    const users = identity.resources.knex('sessions').where({ id: person.sessionId });
    await users.update({ organization_id: organization });
    const path = '/api/v1/auth/browser-session';
    const headers = { 'sec-fetch-site': 'same-origin' };
    const kept = await person.caller
      .put(path, { refresh_token: person.refreshToken }, { headers })
      .expect(204);
    const cookie = kept.headers.getSetCookie()[0]!.split(';')[0]!;
    const token = () =>
      identity.anonymous().post(`${path}/token`, undefined, { headers: { ...headers, cookie } });
    good(await token());
    await require(true);
    refusedTo(await token());
    await require(false);
    good(await token());
  });
});

describe('what an app may be allowed there', () => {
  beforeEach(async () => {
    person = await identity.person();
    organization = await joinOrganization(identity, person, {});
    const grant_types = ['authorization_code', DEVICE_CODE];
    application = await oauth.application({ grant_types }, organization);
  });

  const asked = (more: Record<string, string> = {}) => ({
    client_id: application.client_id,
    redirect_uri: CALLBACK,
    state: 'kept',
    ...more,
  });
  const byGet = (more?: Record<string, string>) =>
    person.caller.get(`/oauth/authorize?${oauth.form({ response_type: 'code', ...asked(more) })}`);
  const byForm = (more?: Record<string, string>) =>
    oauth.send('/oauth/authorize', oauth.form({ ...asked(more), approve: 'true' }), person.caller);
  const asJson = (more?: Record<string, string>, by = person) =>
    by.caller.post('/api/v1/oauth/authorize', { ...asked(more), approve: true });
  const told = ({ status, headers }: TestAnswer) => {
    expect(status).toBe(302);
    return Object.fromEntries(new URL(headers.get('location')!).searchParams);
  };

  it('the client is told by redirect that it is nothing, and the page where to sign in', async () => {
    await require(true);
    for (const way of [byGet, byForm])
      expect(told(await way())).toEqual({
        kept: '1',
        error: 'access_denied',
        error_description: expect.stringMatching(/^SSO_REQUIRED: [\x20-\x7e]+$/),
        state: 'kept',
        iss: ISSUER,
      });
    refusedTo(await asJson());
    expect(await identity.resources.knex('oauth_grants').where({ user_id: person.userId })).toEqual([]);
    await require(false);
    for (const way of [byGet, byForm]) expect(told(await way()).code).toMatch(/^[\w-]{43}$/);
    good(await asJson());
  });

  it('a client that wants nobody asked hears that a sign-in is wanted', async () => {
    const silent = { scope: 'openid', prompt: 'none' };
    good(await asJson({ scope: 'openid' }));
    await require(true);
    for (const way of [byGet, byForm]) expect(told(await way(silent)).error).toBe('login_required');
    const { body } = await asJson(silent);
    expect(new URL(body.data.redirect_url).searchParams.get('error')).toBe('login_required');
    await require(false);
    expect(told(await byGet(silent)).code).toMatch(/^[\w-]{43}$/);
  });

  it('is decided in a session that its own provider opened, and in none that another one did', async () => {
    const device = async () => {
      const fields = { ...oauth.credentials(application), scope: 'read' };
      const { body } = await oauth.send('/oauth/device_authorization', oauth.form(fields));
      return { user_code: body.user_code, approve: true };
    };
    const approveDevice = async (by: Person) => by.caller.post('/api/v1/oauth/device/answer', await device());
    const other = await signedInBy(organization + 1);
    for (const required of [true, false]) {
      await require(required);
      expectError(await asJson({}, other), 403, 'FORBIDDEN');
      expectError(await approveDevice(other), 403, 'FORBIDDEN');
      const query = oauth.form({ response_type: 'code', ...asked() });
      expect(told(await other.caller.get(`/oauth/authorize?${query}`)).error).toBe('access_denied');
    }
    await require(true);
    refusedTo(await approveDevice(person));
    const own = await signedInBy(organization);
    good(await asJson({}, own));
    expect((await approveDevice(own)).status).toBe(204);
  });
});
