import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

let elsewhere: LyingProvider;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startLyingProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
  const { client_id, client_secret } = CLIENT;
  const body = { provider_type: 'oidc', name: 'Acme', issuer: elsewhere.issuer, client_id, client_secret };
  provider = (await acme.administrator.post('/api/v1/sso/providers', body)).body.data.provider.id;
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

/** Signs in in a session of that name. @returns its login */
async function signIn(sub: string, sid: string): Promise<string> {
  elsewhere.claims = { sub, sid, email: `${sub}@${acme.domain}` };
  const path = `/api/v1/sso/providers/${provider}`;
  const request = leadsTo(await service.anonymous.get(`${path}/login?${browser().query}`));
  const sent = new URLSearchParams(elsewhere.back(request));
  const { code } = told(await service.anonymous.get(`${path}/callback?${sent}`));
  return service.fleet.logins.find(login => login.code === code)!.login_id;
}
let tokens = 0;
const token = (more: JWTPayload = {}, sign = elsewhere.signed) =>
  sign({
    iss: elsewhere.issuer,
    aud: CLIENT.client_id,
    iat: Math.floor(Date.now() / 1_000),
    jti: `token-${++tokens}`,
    events: EVENTS,
    ...more,
  });
const logOut = (logout_token: string, id = provider) =>
  service.anonymous.post(`/api/v1/sso/providers/${id}/logout`, undefined, {
    raw: `${new URLSearchParams({ logout_token })}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
const ended = async () => {
  const rows = await service.sql<{ metadata: { login_id: string } }>(
    "select metadata from sso.audit_log where action = 'sso.login.ended'",
  );
  return rows.map(({ metadata }) => metadata.login_id);
};

it('ends the session that the token names, and no other of the person', async () => {
  const [first, second] = [await signIn('ada', 'one'), await signIn('ada', 'two')];
  await logOut(await token({ sub: 'ada', sid: 'one' })).expect(200);
  expect(await ended()).toContain(first);
  expect(await ended()).not.toContain(second);
});

it('ends all sessions of a person where it names none, and nobody else’s', async () => {
  const own = [await signIn('grace', 'three'), await signIn('grace', 'four')];
  const other = await signIn('mary', 'five');
  await logOut(await token({ sub: 'grace' })).expect(200);
  expect(await ended()).toEqual(expect.arrayContaining(own));
  expect(await ended()).not.toContain(other);
});

it('refuses what is no logout token of this provider for this client, and each a second time', async () => {
  const login = await signIn('joan', 'six');
  const strange = (await generateKeyPair('RS256')).privateKey;
  const now = Math.floor(Date.now() / 1_000);
  const bad = [
    await token({ sub: 'joan', aud: 'another' }),
    await token({ sub: 'joan', iss: 'https://other.example' }),
    await token({ sub: 'joan', iat: now - 3_600 }),
    await token({ sub: 'joan', events: {} }),
    await token({ sub: 'joan', nonce: 'x' }),
    await token({ sub: 'joan', jti: undefined }),
    await token({}),
    // An ID token says who signed in, and ends nothing.
    await token({ sub: 'joan', events: undefined, exp: now + 60 }),
    await token({ sub: 'joan' }, async claims =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-0' }).sign(strange),
    ),
    await token({ sub: 'joan' }, async claims => new UnsecuredJWT(claims).encode()),
    await token({ sub: 'joan' }, async claims =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(CLIENT.client_secret.padEnd(32, 'x'))),
    ),
    'x.y.z',
  ];
  for (const one of bad) {
    const { status, body } = await logOut(one);
    expect([status, body.error.code]).toEqual([400, 'INVALID_LOGOUT_TOKEN']);
  }
  expect(await ended()).not.toContain(login);
  const good = await token({ sub: 'joan' });
  expect((await Promise.all([logOut(good), logOut(good)])).map(({ status }) => status).toSorted()).toEqual([
    200, 400,
  ]);
  expect(await ended()).toContain(login);
});

it('is over when the provider has its answer, and stands in the log with what was refused', async () => {
  const login = await signIn('edith', 'seven');
  const { user_id } = service.fleet.logins.find(({ login_id }) => login_id === login)!;
  await logOut('x.y.z');
  await logOut(await token({ sub: 'edith', sid: 'seven' })).expect(200);
  expect(service.fleet.ended).toContain(login);
  const path = `/api/v1/sso/providers/${provider}/attempts?kind=logout&limit=2`;
  const { attempts } = (await acme.administrator.get(path).expect(200)).body.data;
  expect(attempts).toMatchObject([
    {
      kind: 'logout',
      begun_by: 'provider',
      outcome: 'succeeded',
      user_id,
      received: { sub: 'edith' },
      steps: [{ step: 'token_checked' }, { step: 'sessions_ended', detail: '1' }],
    },
    {
      outcome: 'failed',
      reason: 'INVALID_LOGOUT_TOKEN',
      explanation: expect.stringContaining('used before'),
    },
  ]);
});

it('404 at a provider that is not there', async () => {
  expect((await logOut(await token({ sub: 'ada' }), 999_999)).status).toBe(404);
});
