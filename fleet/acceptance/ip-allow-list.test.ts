import { type RunningGateway, startGateway } from '@rivergate/gateway';
import { eventually, expectError, httpCaller } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { inDatabase } from './in-database.ts';
import { data, foundOrganization, join, PASSWORD, type Person, signUp } from './person.ts';

const [OFFICE, HOME] = ['198.51.100.7', '203.0.113.9'];
const NETWORK = '198.51.100.0/24';
/** Milliseconds in which identity has to hear of a setting; the way is the event log. */
const SOON = 2_000;

/** All that is asked comes from two addresses. */
const LIMITS = ['STANDARD', 'PREMIUM', 'ADMIN', 'LOGIN', 'LOGIN_ADDRESS', 'ORGANIZATION_CREATION'];

let fleet: AcceptanceFleet;
/** Another one in front of the same services. */
let second: RunningGateway;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet({ env: Object.fromEntries(LIMITS.map(name => [`RATE_LIMIT_${name}`, 'off'])) });
  second = await startGateway({ ...fleet.environment.of('gateway'), PORT: '0' });
  [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
});
beforeEach(async () => {
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
});
afterAll(async () => {
  await second?.stop();
  await fleet?.stop();
});

const from = (ip: string, token?: string, url = fleet.url) =>
  httpCaller(url, () => ({
    'x-forwarded-for': ip,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }));
const settings = () => `${organization.path}/settings`;
const list = (...networks: string[]) => ({
  network: { ip_allow_list: networks.map(network => ({ network })) },
});
const atOffice = ({ tokens }: Person) => from(OFFICE, tokens.access_token);
const restrict = async (...networks: string[]) =>
  data(await atOffice(owner).patch(settings(), list(...networks)));
const logIn = (ip: string, more = {}, { email } = member) =>
  from(ip).post('/api/v1/auth/login', { email, password: PASSWORD, ...more });

describe('the IP allow list of an organization', () => {
  it('holds with the next request, at every gateway, each time that it changes', async () => {
    const { access_token } = member.tokens;
    for (let time = 0; time < 10; time++) {
      for (const url of [fleet.url, second.url])
        data(await from(HOME, access_token, url).get(organization.path));
      await restrict(NETWORK);
      for (const url of [second.url, fleet.url]) {
        expectError(await from(HOME, access_token, url).get(organization.path), 403, 'IP_NOT_ALLOWED');
        data(await from(OFFICE, access_token, url).get(organization.path));
      }
      await restrict();
    }
  });

  it('holds for tokens of the member and of the organization that were made before', async () => {
    const here = member.with(data(await atOffice(member).post(`${organization.path}/switch`, {})));
    const wanted = { name: 'test', scopes: ['read'] };
    const tokens = [
      data(await atOffice(here).post('/api/v1/auth/tokens', wanted), 201).token,
      data(await atOffice(here).post(`${organization.path}/tokens`, wanted), 201).token,
    ];
    for (const token of tokens) data(await from(HOME, token).get(organization.path));
    await restrict(NETWORK);
    for (const token of tokens) {
      expectError(await from(HOME, token).get(organization.path), 403, 'IP_NOT_ALLOWED');
      data(await from(OFFICE, token).get(organization.path));
    }
    await restrict();
  });

  it('believes no address that the caller names itself', async () => {
    await restrict(NETWORK);
    const { access_token } = member.tokens;
    // The last one is what the proxy before the gateway saw.
    expectError(await from(`${OFFICE}, ${HOME}`, access_token).get(organization.path), 403, 'IP_NOT_ALLOWED');
    const others = { forwarded: `for=${OFFICE}`, 'x-real-ip': OFFICE, 'x-client-ip': OFFICE };
    expectError(
      await from(HOME, access_token).get(organization.path, { headers: others }),
      403,
      'IP_NOT_ALLOWED',
    );
    data(await from(`::ffff:${OFFICE}`, access_token).get(organization.path));
  });

  it('lets nobody in by what acts in it without naming it', async () => {
    const here = data(await atOffice(member).post(`${organization.path}/switch`, {}));
    await restrict(NETWORK);
    const home = from(HOME, here.access_token);
    for (const path of ['/api/v1/roles', '/api/v1/users', '/api/v1/auth/me', '/api/v1/sessions'])
      expectError(await home.get(path), 403, 'IP_NOT_ALLOWED');
    // From an organization that admits the address, an object that lies in the other one.
    const workspace = `/api/v1/workspaces/${organization.workspaceId}`;
    const { organizations } = data(await home.get('/api/v1/organizations'));
    const personal = organizations.find(({ plan }: { plan: string }) => plan === 'individual');
    const there = data(await home.post(`/api/v1/organizations/${personal.id}/switch`, {}));
    data(await from(OFFICE, there.access_token).get(workspace));
    expectError(await from(HOME, there.access_token).get(workspace), 403, 'IP_NOT_ALLOWED');
    expectError(
      await from(HOME, there.access_token).post(`${organization.path}/switch`, {}),
      403,
      'IP_NOT_ALLOWED',
    );
    // Of what lies in it, lists over all organizations name nothing either.
    const reached = async (ip: string) => {
      const listed = data(await from(ip, there.access_token).get('/api/v1/workspaces?limit=100')).workspaces;
      const me = data(await from(ip, there.access_token).get('/api/v1/auth/me')).workspaces;
      return [listed, me].map(workspaces =>
        workspaces.some((one: { organization_id: number }) => one.organization_id === organization.id),
      );
    };
    expect(await reached(HOME)).toEqual([false, false]);
    expect(await reached(OFFICE)).toEqual([true, true]);
  });

  it('opens and renews no session in it from elsewhere, and leaves the way out open', async () => {
    const session = member.with(data(await logIn(OFFICE)));
    const here = data(await atOffice(session).post(`${organization.path}/switch`, {}));
    await restrict(NETWORK);
    const refresh = (ip: string) =>
      from(ip).post('/api/v1/auth/refresh', { refresh_token: here.refresh_token });
    const startsIn = async () => decodeJwt(data(await logIn(HOME)).access_token).org_id;
    await eventually(async () => (await startsIn()) !== organization.id, 'a login into another one', SOON);
    const workspace_id = organization.workspaceId;
    expectError(await logIn(HOME, { workspace_id }), 403, 'IP_NOT_ALLOWED');
    expectError(await refresh(HOME), 403, 'IP_NOT_ALLOWED');
    const renewed = data(await refresh(OFFICE));
    expect((await from(HOME, renewed.access_token).post('/api/v1/auth/logout')).status).toBe(204);
  });

  it('is not set so that it locks out who sets it, and the platform helps whose network has changed', async () => {
    const refused = await from(HOME, owner.tokens.access_token).patch(settings(), list(NETWORK));
    expectError(refused, 422, 'VALIDATION_ERROR');
    expect(refused.body.error.details[0].reason).toContain(HOME);
    data(await from(HOME, member.tokens.access_token).get(organization.path));
    await restrict(NETWORK);
    const operator = await signUp(fleet, 'operator');
    const promote = 'update identity.users set is_system_admin = true where id = $1';
    await inDatabase(fleet, promote, operator.id);
    const { access_token } = data(await logIn(HOME, {}, operator));
    data(await from(HOME, access_token).patch(settings(), list()));
    data(await from(HOME, member.tokens.access_token).get(organization.path));
  });

  it('holds for an administrator who acts in the name of a member', async () => {
    const path = `${organization.path}/impersonations`;
    const asked = { user_id: member.id, reason: 'Ticket 4711', minutes: 15 };
    const { impersonation } = data(await owner.post(path, asked), 201);
    data(await member.post(`/api/v1/auth/me/impersonations/${impersonation.id}/approve`));
    const { access_token } = data(await owner.post(`${path}/${impersonation.id}/token`), 201);
    await restrict(NETWORK);
    expectError(await from(HOME, access_token).get(organization.path), 403, 'IP_NOT_ALLOWED');
    data(await from(OFFICE, access_token).get(organization.path));
  });

  it('holds whichever of ten changes at once comes last', async () => {
    const { access_token } = member.tokens;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        atOffice(owner).patch(settings(), list(...(index % 2 ? [NETWORK] : [NETWORK, '203.0.113.0/24']))),
      ),
    );
    const { ip_allow_list } = data(await atOffice(owner).get(settings())).settings.network;
    const answer = await from(HOME, access_token).get(organization.path);
    expect(answer.status).toBe(ip_allow_list.length === 2 ? 200 : 403);
  });
});

describe('the tokens that an organization admits', () => {
  it('count with the next request, tokens of earlier too, and in no other organization', async () => {
    const here = member.with(data(await member.post(`${organization.path}/switch`, {})));
    const wanted = { name: 'test', scopes: ['read'] };
    const personal = data(await here.post('/api/v1/auth/tokens', wanted), 201);
    const bound = data(await here.post(`${organization.path}/tokens`, wanted), 201).token;
    const set = async (change: object) => data(await owner.patch(settings(), change));
    const status = async (token: string, path = organization.path) =>
      (await fleet.caller(token).get(path)).status;
    expect([await status(personal.token), await status(bound)]).toEqual([200, 200]);
    await set({ tokens: { personal_tokens_allowed: false } });
    expect([await status(personal.token), await status(bound)]).toEqual([403, 200]);
    expect(await status(personal.token, '/api/v1/auth/me')).toBe(200);
    await set({ tokens: { personal_tokens_allowed: true, personal_token_max_days: 7 } });
    expect(await status(personal.token)).toBe(200);
    const age = "update identity.personal_tokens set created_at = now() - interval '8 days' where id = $1";
    await inDatabase(fleet, age, personal.id);
    await set({ tokens: { organization_tokens_allowed: false } });
    expect(await status(bound)).toBe(403);
    const made = async () => (await here.post(`${organization.path}/tokens`, wanted)).status;
    await eventually(async () => (await made()) === 403, 'that no more are made', SOON);
    await set({ features: { personal_access_tokens: false } });
    expect([await status(personal.token), await status(bound)]).toEqual([403, 403]);
  });
});
