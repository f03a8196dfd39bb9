import { sessionRevoked } from '@rivergate/events';
import { eventually, publishEvent, signedIn } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LyingProvider, startLyingProvider } from '../testing/lying-provider.ts';
import {
  browser,
  CLIENT,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: LyingProvider;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startLyingProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
});
beforeEach(async () => {
  elsewhere.metadata = { end_session_endpoint: `${elsewhere.issuer}/logout?tenant=1` };
  provider = await create();
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

async function create(): Promise<number> {
  const { client_id, client_secret } = CLIENT;
  const tenant = await service.tenant();
  acme = tenant;
  const body = { provider_type: 'oidc', name: 'Acme', issuer: elsewhere.issuer, client_id, client_secret };
  return (await acme.administrator.post(PATH, body).expect(201)).body.data.provider.id;
}
async function signIn(more: object = {}) {
  elsewhere.claims = { sub: 'ada', sid: 'one', email: `ada@${acme.domain}`, ...more };
  const request = leadsTo(await service.anonymous.get(`${PATH}/${provider}/login?${browser().query}`));
  const sent = new URLSearchParams(elsewhere.back(request));
  const { code } = told(await service.anonymous.get(`${PATH}/${provider}/callback?${sent}`));
  return service.fleet.logins.find(login => login.code === code)!;
}
let sessions = 0;
function sessionOf({ login_id, user_id, organization_id }: Awaited<ReturnType<typeof signIn>>) {
  const sessionId = ++sessions;
  service.fleet.sessions.set(sessionId, login_id);
  const facts = { userId: user_id, organizationId: organization_id, sessionBoundTo: organization_id };
  return service.as(signedIn({ ...facts, sessionId }));
}
const begin = async (more?: object) => {
  const answer = await sessionOf(await signIn(more))
    .post('/api/v1/sso/logout')
    .expect(200);
  return answer.body.data.redirect_url as string | null;
};
const comesBack = (query: string, id = provider) =>
  service.anonymous.get(`${PATH}/${id}/logout/callback?${query}`);
const lastAttempt = async () =>
  (await acme.administrator.get(`${PATH}/${provider}/attempts?kind=logout`).expect(200)).body.data
    .attempts[0];
const kept = (loginId: string) =>
  service.sql<{ logout_sealed: string }>('select * from sso.logins where login_id = ?', [loginId]);

it('sends the browser to where the provider ends sessions, with the ID token of the sign-in', async () => {
  const url = new URL((await begin())!);
  expect(`${url.origin}${url.pathname}`).toBe(`${elsewhere.issuer}/logout`);
  const { id_token_hint, state, ...rest } = Object.fromEntries(url.searchParams);
  expect(rest).toEqual({
    tenant: '1',
    client_id: CLIENT.client_id,
    post_logout_redirect_uri: `http://rivergate.test${PATH}/${provider}/logout/callback`,
  });
  expect(decodeJwt(id_token_hint!)).toMatchObject({ sub: 'ada', aud: CLIENT.client_id });
  expect(state).toMatch(/^[\w-]{43}$/);
  const { body } = await service.anonymous.get(`${PATH}/${provider}/metadata`).expect(200);
  expect(body.data.post_logout_redirect_uris).toEqual([rest.post_logout_redirect_uri]);
});

it('leads to the page when the browser comes back, once, whatever else is in the address', async () => {
  const state = new URL((await begin())!).searchParams.get('state')!;
  const query = `state=${state}&redirect=https://evil.example&next=//evil.example`;
  const ten = await Promise.all(Array.from({ length: 10 }, () => comesBack(query)));
  const said = ten.map(answer => told(answer).signed_out).toSorted();
  expect(said).toEqual(['everywhere', ...Array(9).fill('unconfirmed')]);
  expect(await lastAttempt()).toMatchObject({
    kind: 'logout',
    begun_by: 'platform',
    outcome: 'succeeded',
    steps: [
      { step: 'session_ended' },
      { step: 'sent_to_provider', detail: elsewhere.issuer },
      { step: 'came_back' },
      { step: 'signed_out' },
    ],
  });
});

it('takes no state that is unknown, old, of a sign-in, or of another provider', async () => {
  const state = new URL((await begin())!).searchParams.get('state')!;
  const signInState = leadsTo(
    await service.anonymous.get(`${PATH}/${provider}/login?${browser().query}`),
  ).searchParams.get('state')!;
  for (const query of ['', 'state=', 'state=x', `state=${signInState}`])
    expect(told(await comesBack(query))).toEqual({ signed_out: 'unconfirmed' });
  // Nor does a sign-in take one of a logout.
  const crossed = await service.anonymous.get(`${PATH}/${provider}/callback?state=${state}&code=x`);
  expect(told(crossed)).toEqual({ error: 'INVALID_STATE' });
  await service.sql(
    "update sso.attempts set started_at = now() - interval '11 minutes' where kind = 'logout'",
  );
  expect(told(await comesBack(`state=${state}`))).toEqual({ signed_out: 'unconfirmed' });
  const first = provider;
  const another = new URL((await begin())!).searchParams.get('state')!;
  provider = await create();
  expect(told(await comesBack(`state=${another}`, provider))).toEqual({ signed_out: 'unconfirmed' });
  // That one is of another organization, which sees nothing of it.
  expect(told(await comesBack(`state=${another}`, first))).toEqual({ signed_out: 'everywhere' });
});

it('says who it is in another way where the ID token fits in no address', async () => {
  const url = new URL(
    (await begin({ groups: Array.from({ length: 400 }, (_, index) => `group ${index}`) }))!,
  );
  expect(url.searchParams.get('id_token_hint')).toBeNull();
  expect(url.searchParams.get('logout_hint')).toBe('ada');
  expect(url.href.length).toBeLessThan(1_000);
});

it.each([
  ['names no such place', {}, 'LOGOUT_UNAVAILABLE'],
  ['names one that is no web page', { end_session_endpoint: 'app:logout' }, 'DISCOVERY_FAILED'],
  ['is another one meanwhile', { issuer: 'https://other.example' }, 'DISCOVERY_FAILED'],
] as const)('ends the session here alone where the provider %s', async (_, metadata, reason) => {
  const login = await signIn();
  elsewhere.metadata = metadata;
  // What is known of the provider is forgotten when it is changed.
  await acme.administrator.put(`${PATH}/${provider}`, { name: 'Renamed' }).expect(200);
  const { body } = await sessionOf(login).post('/api/v1/sso/logout').expect(200);
  expect(body.data.redirect_url).toBeNull();
  expect(service.fleet.sessions.size).toBe(0);
  expect(await lastAttempt()).toMatchObject({ outcome: 'failed', reason });
});

it('leads nowhere from a provider that is inactive', async () => {
  const login = await signIn();
  await acme.administrator.put(`${PATH}/${provider}`, { status: 'inactive' }).expect(200);
  const { body } = await sessionOf(login).post('/api/v1/sso/logout').expect(200);
  expect(body.data.redirect_url).toBeNull();
});

it('keeps sealed what it repeats of a sign-in, for as long as the session', async () => {
  const { login_id, user_id, organization_id, provider_id } = await signIn();
  const [row] = await kept(login_id);
  expect(row!.logout_sealed).not.toMatch(/eyJ|idToken/);
  const other = await signIn({ sid: 'two' });
  // A row cannot be given what belongs to another.
  await service.sql('update sso.logins set logout_sealed = ? where login_id = ?', [
    row!.logout_sealed,
    other.login_id,
  ]);
  expect((await sessionOf(other).post('/api/v1/sso/logout')).status).toBe(500);
  await publishEvent(service, 'identity', sessionRevoked, {
    subject: 77,
    data: {
      session_id: 77,
      user_id,
      reason: 'revoked_by_administrator',
      sso: { organization_id, provider_id, login_id },
    },
  });
  await eventually(async () => (await kept(login_id)).length === 0, 'what was kept to be gone');
});

it('404 for the place of the other protocol', async () => {
  expect((await service.anonymous.get(`${PATH}/${provider}/slo?SAMLRequest=x`)).status).toBe(404);
  expect((await comesBack('state=x', 999_999)).status).toBe(404);
});
