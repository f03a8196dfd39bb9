import { createHash, randomBytes } from 'node:crypto';
import { type RunningGateway, startGateway } from '@rivergate/gateway';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { eventually, expectError, httpCaller, type TestAnswer } from '@rivergate/testing';
import {
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  data,
  foundOrganization,
  join,
  logIn,
  mailTo,
  PASSWORD,
  type Person,
  personOf,
  proveDomain,
  signUp,
  withSecondFactor,
} from './person.ts';

const DOMAIN = 'enforced.test';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** Milliseconds in which identity has to hear of it; the way is the event log. */
const SOON = 2_000;

let names: NameServer;
let elsewhere: IdentityProviderUnderTest;
let fleet: AcceptanceFleet;
let url: string;
/** Another one in front of the same services. */
let second: RunningGateway;
/** Administrator, with a second factor. */
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
let provider: number;
let application: { client_id: string; client_secret: string };
beforeAll(async () => {
  names = await startNameServer();
  const limits = ['STANDARD', 'PREMIUM', 'ADMIN', 'LOGIN', 'LOGIN_ADDRESS', 'ORGANIZATION_CREATION'];
  const off = Object.fromEntries(limits.map(name => [`RATE_LIMIT_${name}`, 'off']));
  const env = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address, ...off };
  fleet = await startFleet({ host: 'localhost', env });
  url = `http://localhost:${new URL(fleet.url).port}`;
  second = await startGateway({ ...fleet.environment.of('gateway'), PORT: '0' });
  const client = { client_id: 'rivergate', client_secret: SECRET };
  const redirect_uris = [1, 2, 3].map(id => `${url}/api/v1/sso/providers/${id}/callback`);
  elsewhere = await startIdentityProvider({ clients: [{ ...client, redirect_uris }] });

  [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
  owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
  await proveDomain(owner, organization.path, DOMAIN, names);
  application = data(
    await owner.post(`${organization.path}/oauth-applications`, {
      name: 'Command line',
      grant_types: [DEVICE_CODE, 'client_credentials'],
      redirect_uris: [],
      scopes: ['read'],
    }),
    201,
  );
  const settings = {
    provider_type: 'oidc',
    name: 'Acme',
    issuer: elsewhere.issuer,
    ...client,
    domains: [DOMAIN],
  };
  provider = data(await owner.post('/api/v1/sso/providers', settings), 201).provider.id;
});
afterAll(async () => {
  await second?.stop();
  await fleet?.stop();
  await elsewhere?.stop();
  await names?.stop();
});

const path = () => `/api/v1/sso/enforcement/enforce/${organization.id}`;
const enforce = (by = owner) => by.post(path(), { enforce: true, break_glass_user_ids: [owner.id] });
const lift = async () => data(await owner.post(path(), { enforce: false }));
afterEach(lift);
const through = (at: string, token: string) => httpCaller(at, () => ({ authorization: `Bearer ${token}` }));

/** Signs in at the provider, as a browser does. */
async function signInThere(name: string): Promise<Person> {
  const code_verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
  const begun = new URLSearchParams({ code_challenge, state: 'page.of-this-test' });
  const email = `${name}@${DOMAIN}`;
  const { headers } = await fleet.caller().get(`/api/v1/sso/providers/${provider}/login?${begun}`);
  const sent = new URLSearchParams(
    await elsewhere.signIn(headers.get('location')!, { sub: name, email, name } as never),
  );
  const back = await fleet.caller().get(`/api/v1/sso/providers/${provider}/callback?${sent}`);
  const code = new URL(back.headers.get('location')!).searchParams.get('code');
  const tokens = data(await fleet.caller().post('/api/v1/auth/sso/login', { code, code_verifier }));
  return personOf(fleet, tokens.user_id, email, tokens);
}

const atOauth = async (endpoint: string, form: Record<string, string>) => {
  const body = new URLSearchParams({ ...application, ...form });
  const answer = await fetch(`${fleet.url}/oauth/${endpoint}`, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};
/** Lets the command line act for somebody. */
async function approveDevice(by: Person) {
  const { body } = await atOauth('device_authorization', { scope: 'read' });
  return {
    device_code: body.device_code!,
    answer: await by.post('/api/v1/oauth/device/answer', { user_code: body.user_code, approve: true }),
  };
}
const refusedTo = (answer: TestAnswer) => {
  expectError(answer, 403, 'SSO_REQUIRED');
  expect(answer.body.error.details).toEqual([
    { field: 'login_url', code: 'required', reason: `${url}/sign-in` },
  ]);
};

describe('SSO enforcement', () => {
  it('needs a provider that somebody has used, and an administrator who has proved the other way in', async () => {
    expectError(await enforce(), 409, 'BREAK_GLASS_UNPROVED');
    owner = await withSecondFactor(fleet, owner);
    owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
    expectError(await enforce(), 409, 'NO_TESTED_PROVIDER');
    const ada = await signInThere('ada');
    data(await ada.get(organization.path));
    expectError(await enforce(ada), 403, 'FORBIDDEN');
    expectError(await enforce(member), 404, 'NOT_FOUND');
    data(await enforce());
    await lift();
  });

  it('holds with the next request at every gateway, for sessions and every kind of token, and ends with it', async () => {
    const here = member.with(data(await member.post(`${organization.path}/switch`, {})));
    const wanted = { name: 'test', scopes: ['read'] };
    const device = await approveDevice(here);
    expect(device.answer.status).toBe(204);
    const granted = await atOauth('token', { grant_type: DEVICE_CODE, device_code: device.device_code });
    const tokens = {
      session: here.tokens.access_token,
      personal: data(await here.post('/api/v1/auth/tokens', wanted), 201).token,
      organizations: data(await here.post(`${organization.path}/tokens`, wanted), 201).token,
      application: granted.body.access_token!,
    };
    const ada = await signInThere('ada');
    const adas = data(await ada.post(`${organization.path}/tokens`, wanted), 201).token;
    const program = (await atOauth('token', { grant_type: 'client_credentials', scope: 'read' })).body;
    const untouched = [ada.tokens.access_token, adas, owner.tokens.access_token];
    const everywhere = async (token: string, check: (answer: TestAnswer) => unknown) => {
      for (const at of [second.url, fleet.url]) check(await through(at, token).get(organization.path));
    };
    for (let time = 0; time < 5; time++) {
      for (const token of [...Object.values(tokens), ...untouched]) await everywhere(token, data);
      data(await enforce());
      for (const token of Object.values(tokens)) await everywhere(token, refusedTo);
      for (const token of untouched) await everywhere(token, data);
      data(await through(fleet.url, program.access_token!).get('/api/v1/workspaces'));
      await lift();
    }
    for (const token of Object.values(tokens)) await everywhere(token, data);
  });

  it('opens and renews nothing there, and leaves other organizations and the way to them open', async () => {
    const here = member.with(data(await member.post(`${organization.path}/switch`, {})));
    const before = await approveDevice(here);
    const granted = await atOauth('token', { grant_type: DEVICE_CODE, device_code: before.device_code });
    const asked = await approveDevice(here);
    data(await enforce());
    const startsIn = async () => decodeJwt((await logIn(fleet, member)).tokens.access_token).org_id;
    await eventually(async () => (await startsIn()) !== organization.id, 'a login into another one', SOON);

    const refresh = () =>
      fleet.caller().post('/api/v1/auth/refresh', { refresh_token: here.tokens.refresh_token });
    refusedTo(await refresh());
    const named = { email: member.email, password: PASSWORD, workspace_id: organization.workspaceId };
    refusedTo(await fleet.caller().post('/api/v1/auth/login', named));
    const elsewhereNow = await logIn(fleet, member);
    refusedTo(await elsewhereNow.post(`${organization.path}/switch`, {}));
    refusedTo(await elsewhereNow.get(`/api/v1/workspaces/${organization.workspaceId}`));
    refusedTo((await approveDevice(elsewhereNow)).answer);
    const exchange = () => atOauth('token', { grant_type: DEVICE_CODE, device_code: asked.device_code });
    const renew = () =>
      atOauth('token', { grant_type: 'refresh_token', refresh_token: granted.body.refresh_token! });
    for (const answer of [await exchange(), await renew()]) {
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
      expect(answer.body.error_description).toContain('SSO_REQUIRED');
    }

    const own = data(await elsewhereNow.get('/api/v1/organizations')).organizations;
    const personal = own.find(({ plan }: { plan: string }) => plan === 'individual');
    data(await elsewhereNow.get(`/api/v1/organizations/${personal.id}`));
    const { workspaces } = data(await elsewhereNow.get('/api/v1/workspaces?limit=100'));
    const placed = workspaces.map(({ organization_id }: { organization_id: number }) => organization_id);
    expect(placed).not.toContain(organization.id);
    data(await here.post(`/api/v1/organizations/${personal.id}/switch`, {}));

    const other = await signInThere('grace');
    data(await fleet.caller().post('/api/v1/auth/refresh', { refresh_token: other.tokens.refresh_token }));
    await lift();
    await eventually(async () => (await exchange()).status === 200, 'the code to be good again', SOON);
    expect((await renew()).status).toBe(200);
    data(await elsewhereNow.post(`${organization.path}/switch`, {}));
  });

  it('lets nobody act in the name of a member who could not enter alone', async () => {
    const deputy = await signUp(fleet, 'deputy');
    await join(owner, deputy, organization, 'Admin');
    const impersonations = `${organization.path}/impersonations`;
    const acting = async (by: Person) => {
      const asking = { user_id: member.id, reason: 'Ticket 4711', minutes: 15 };
      const { impersonation } = data(await by.post(impersonations, asking), 201);
      data(await member.post(`/api/v1/auth/me/impersonations/${impersonation.id}/approve`));
      const { access_token } = data(await by.post(`${impersonations}/${impersonation.id}/token`), 201);
      return fleet.caller(access_token);
    };
    const byDeputy = await acting(deputy.with(data(await deputy.post(`${organization.path}/switch`, {}))));
    data(await byDeputy.get(organization.path));
    data(await enforce());
    refusedTo(await byDeputy.get(organization.path));
    await lift();
    data(await byDeputy.get(organization.path));
  });

  it('keeps somebody who gets in without the provider, and the provider', async () => {
    const other = await signUp(fleet, 'second');
    await join(owner, other, organization, 'Admin');
    const here = other.with(data(await other.post(`${organization.path}/switch`, {})));
    data(await enforce());
    const lastOne = `${organization.path}/members/${owner.id}`;
    const ada = await signInThere('ada');
    data(
      await owner.patch(`${organization.path}/members/${ada.id}`, { role_id: organization.roleId('Admin') }),
    );
    expectError(await here.delete(lastOne), 403, 'SSO_REQUIRED');
    expectError(await ada.delete(lastOne), 409, 'LAST_ADMINISTRATOR');
    expectError(
      await owner.put(`/api/v1/sso/providers/${provider}`, { status: 'inactive' }),
      409,
      'CONFLICT',
    );
    await lift();
    expectError(
      await ada.post(`/api/v1/sso/enforcement/enforce/${organization.id + 1}`, { enforce: false }),
      404,
      'NOT_FOUND',
    );
  });

  it('knows of each member by what they sign in, and writes to who lacks it', async () => {
    const at = (name: string, query = '') => `/api/v1/sso/enforcement/${name}/${organization.id}${query}`;
    const linked = await signInThere('linked');
    const seen = async () => data(await owner.get(at('status'))).members;
    const known = async () =>
      (await seen()).find(({ user_id }: { user_id: number }) => user_id === linked.id);
    await eventually(known, 'the new member', SOON);
    const members = await seen();
    const of = (id: number) => members.find(({ user_id }: { user_id: number }) => user_id === id);
    expect(of(owner.id)).toMatchObject({ email: owner.email, mfa_enabled: true, sso_linked: false });
    expect(of(linked.id)).toMatchObject({ email: linked.email, mfa_enabled: false, sso_linked: true });
    const asked = { user_ids: [member.id, linked.id] };
    const answer = data(await owner.post(at('bulk-action', '?action=send_sso_reminders'), asked));
    expect(answer.users_affected).toBe(1);
    await mailTo(fleet, member.email, 'sign in through its identity provider');
  });
});
