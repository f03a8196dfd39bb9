import { createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, UnsecuredJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, logIn, type Person, signUp } from './person.ts';

const CALLBACK = 'https://app.example.com/callback';
const LEFT = 'https://app.example.com/left';

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_STANDARD: 'off' } });
  [owner, member] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'member', 'Ada Lovelace')]);
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
});
afterAll(() => fleet?.stop());

let applications = 0;
/** An application, and the client that others wrote which knows nothing of the platform but its address. */
async function register(alg: 'ES256' | 'RS256' = 'ES256') {
  const wanted = {
    name: `Application ${++applications}`,
    grant_types: ['authorization_code'],
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [LEFT],
    scopes: ['read'],
    id_token_signed_response_alg: alg,
  };
  const { client_id, client_secret } = data(
    await owner.post(`${organization.path}/oauth-applications`, wanted),
    201,
  );
  const known = { client_secret, id_token_signed_response_alg: alg };
  const configuration = await openid.discovery(new URL(fleet.url), client_id, known, undefined, {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  });
  return { configuration, client_id, client_secret };
}
type Application = Awaited<ReturnType<typeof register>>;

const secretsOf = () => ({
  pkceCodeVerifier: openid.randomPKCECodeVerifier(),
  expectedState: openid.randomState(),
  expectedNonce: openid.randomNonce(),
});

/** The address at which the person comes back who agrees to what the client asks. */
async function agreed(
  { configuration }: Application,
  person: Person,
  secrets: ReturnType<typeof secretsOf>,
  more: Record<string, string> = {},
): Promise<URL> {
  const url = openid.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    state: secrets.expectedState,
    nonce: secrets.expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(secrets.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  });
  expect(url.pathname).toBe('/authorize');
  // As the page does that stands there.
  const { response_type: _, ...request } = Object.fromEntries(url.searchParams);
  const answer = await person.post('/api/v1/oauth/authorize', { ...request, approve: true });
  return new URL(data(answer).redirect_url);
}

async function signIn(application: Application, person: Person, more?: Record<string, string>) {
  const secrets = secretsOf();
  const back = await agreed(application, person, secrets, more);
  return openid.authorizationCodeGrant(application.configuration, back, secrets);
}

describe.each(['ES256', 'RS256'] as const)('a standard client that wants %s', alg => {
  it('signs somebody in with nothing but the address, asks who it is, refreshes, and signs out', async () => {
    const application = await register(alg);
    const { configuration } = application;
    const person = await logIn(fleet, member);
    const tokens = await signIn(application, person);
    expect(decodeProtectedHeader(tokens.id_token!).alg).toBe(alg);
    const claims = tokens.claims()!;
    expect(claims).toMatchObject({
      iss: fleet.url,
      sub: String(member.id),
      aud: application.client_id,
      amr: ['pwd'],
    });
    const told = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    expect(told).toEqual({
      sub: claims.sub,
      name: 'Ada Lovelace',
      email: member.email,
      email_verified: true,
      updated_at: expect.any(Number),
    });
    const next = await openid.refreshTokenGrant(configuration, tokens.refresh_token!);
    expect(next.claims()).toMatchObject({ sub: claims.sub, auth_time: claims.auth_time, sid: claims.sid });

    const leave = openid.buildEndSessionUrl(configuration, {
      id_token_hint: next.id_token!,
      post_logout_redirect_uri: LEFT,
      state: 'left',
    });
    expect(leave.pathname).toBe('/end-session');
    const asked = { ...Object.fromEntries(leave.searchParams), confirmed: true };
    const { redirect_url } = data(await fleet.caller().post('/api/v1/oauth/end-session', asked));
    expect(redirect_url).toBe(`${LEFT}?state=left`);
    await expect(openid.fetchUserInfo(configuration, next.access_token, claims.sub)).rejects.toMatchObject({
      status: 401,
    });
    await expect(openid.refreshTokenGrant(configuration, next.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect((await person.get('/api/v1/auth/me')).status).toBe(401);
  });
});

describe('a standard client', () => {
  it('is held to max_age and to what was agreed to, without anybody being asked', async () => {
    const application = await register();
    const silent = async (more: Record<string, string>) =>
      (await agreed(application, member, secretsOf(), { prompt: 'none', ...more })).searchParams.get('error');
    expect(await silent({})).toBe('consent_required');
    await signIn(application, member, { max_age: '3600' });
    expect(await silent({})).toBeNull();
    expect(await silent({ scope: 'openid read' })).toBe('consent_required');
  });

  it('refuses the answer to another request, and of another issuer', async () => {
    const application = await register();
    const { configuration } = application;
    const [mine, other] = [secretsOf(), secretsOf()];
    const wrongNonce = await agreed(application, member, { ...mine, expectedNonce: other.expectedNonce });
    await expect(openid.authorizationCodeGrant(configuration, wrongNonce, mine)).rejects.toThrow();
    const none = await agreed(application, member, mine, { nonce: '' });
    await expect(openid.authorizationCodeGrant(configuration, none, mine)).rejects.toThrow();
    const mixedUp = await agreed(application, member, mine);
    mixedUp.searchParams.set('iss', 'https://other.example');
    await expect(openid.authorizationCodeGrant(configuration, mixedUp, mine)).rejects.toThrow();
    const injected = await agreed(await register(), member, mine);
    await expect(openid.authorizationCodeGrant(configuration, injected, mine)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('written by others signs in and asks who it is by oauth4webapi too', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const { client_id, client_secret } = await register();
    const issuer = new URL(fleet.url);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...insecure }),
    );
    const client = { client_id, id_token_signed_response_alg: 'ES256' };
    const [verifier, state, nonce] = [
      oauth.generateRandomCodeVerifier(),
      oauth.generateRandomState(),
      oauth.generateRandomNonce(),
    ];
    const request = {
      client_id,
      redirect_uri: CALLBACK,
      scope: 'openid email',
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      max_age: '3600',
    };
    const answer = await member.post('/api/v1/oauth/authorize', { ...request, approve: true });
    const parameters = oauth.validateAuthResponse(server, client, new URL(data(answer).redirect_url), state);
    const authentication = oauth.ClientSecretPost(client_secret);
    const granted = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      CALLBACK,
      verifier,
      insecure,
    );
    const demands = { expectedNonce: nonce, maxAge: 3600, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, granted, demands);
    await oauth.validateApplicationLevelSignature(server, granted, insecure);
    const told = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)!;
    expect(await oauth.processUserInfoResponse(server, client, sub, told)).toEqual({
      sub,
      email: member.email,
      email_verified: true,
    });
  });
});

describe('what an app may ask from a browser', () => {
  const origin = 'https://any-app.example';
  it('is the discovery document, the keys and userinfo, from any origin and without cookies', async () => {
    const { access_token } = await signIn(await register(), member);
    const authorization = `Bearer ${access_token}`;
    for (const path of [
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/oauth/userinfo',
    ]) {
      const answer = await fetch(fleet.url + path, { headers: { origin, authorization } });
      const { headers, status } = answer;
      expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 200, '*']);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      await answer.arrayBuffer();
    }
    const preflight = await fetch(`${fleet.url}/oauth/userinfo`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
    const refused = await fetch(`${fleet.url}/oauth/userinfo`, {
      headers: { origin, authorization: 'Bearer x' },
    });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    const api = await fetch(`${fleet.url}${organization.path}`, { headers: { origin, authorization } });
    expect(api.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is told alike where clients of OAuth and of OpenID Connect look', async () => {
    const at = async (name: string) => (await fleet.caller().get(`/.well-known/${name}`)).body;
    const configuration = await at('openid-configuration');
    expect(configuration).toEqual(await at('oauth-authorization-server'));
    for (const [name, value] of Object.entries(configuration))
      if (/_endpoint$|_uri$/.test(name)) expect(value).toMatch(`${fleet.url}/`);
  });
});

describe('a token', () => {
  it('of identity opens userinfo, and nothing at the API', async () => {
    const { access_token } = await signIn(await register(), member, {
      scope: 'openid profile offline_access',
    });
    const by = fleet.caller(access_token);
    expect((await by.get('/oauth/userinfo')).status).toBe(200);
    expect((await by.get(organization.path)).status).toBe(403);
    expect((await by.get('/api/v1/auth/me')).status).toBe(403);
    expect((await by.post(`${organization.path}/workspaces`, { name: 'x' })).status).toBe(403);
  });

  it('that is an ID token is no access token anywhere, however it is signed, and the other way round', async () => {
    const application = await register('RS256');
    const { id_token, access_token } = await signIn(application, member, { scope: 'openid read' });
    const claims = decodeJwt(id_token!);
    const { keys } = (await fleet.caller().get('/.well-known/jwks.json')).body;
    const accessClaims = decodeJwt(access_token);
    const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const symmetric = keys.map((key: { kid: string }) => {
      const content = `${encoded({ alg: 'HS256', typ: 'at+jwt', kid: key.kid })}.${encoded(accessClaims)}`;
      return `${content}.${createHmac('sha256', JSON.stringify(key)).update(content).digest('base64url')}`;
    });
    const [, payload, signature] = access_token.split('.');
    const rsa = encoded({ ...decodeProtectedHeader(access_token), alg: 'RS256' });
    for (const token of [
      id_token!,
      new UnsecuredJWT(claims).encode(),
      new UnsecuredJWT(accessClaims).encode(),
      ...symmetric,
      `${rsa}.${payload}.${signature}`,
    ]) {
      const by = fleet.caller(token);
      const statuses = [(await by.get('/oauth/userinfo')).status, (await by.get(organization.path)).status];
      expect([token.slice(0, 40), ...statuses]).toEqual([token.slice(0, 40), 401, 401]);
    }
    expect((await fleet.caller(access_token).get(organization.path)).status).toBe(200);
    const hinted = { id_token_hint: access_token, confirmed: true };
    expect(data(await fleet.caller().post('/api/v1/oauth/end-session', hinted)).signed_in).toBe(false);
  });

  it('is refused with the next request once its user has signed out or its grant has ended', async () => {
    const application = await register();
    const person = await logIn(fleet, member);
    const bound = await signIn(application, person, { scope: 'openid read' });
    const kept = await signIn(application, person, { scope: 'openid read offline_access' });
    const [by, staying] = [fleet.caller(bound.access_token), fleet.caller(kept.access_token)];
    const statuses = async () => [
      (await by.get('/oauth/userinfo')).status,
      (await staying.get(organization.path)).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    data(await person.post('/api/v1/auth/logout'), 204);
    expect(await statuses()).toEqual([401, 200]);
    await openid.tokenRevocation(application.configuration, kept.refresh_token!);
    expect(await statuses()).toEqual([401, 401]);
  });
});

describe('the pages of sign-in and sign-out', () => {
  it('can be opened by a form too, and are the same then', async () => {
    const post = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
      fetch(fleet.url + path, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: { 'content-type': type },
      });
    for (const path of ['/authorize', '/end-session']) {
      const sent = 'client_id=x&state=a+b%26c';
      const answer = await post(path, sent);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, `${path}?${sent}`]);
      expect((await post(path, '{}', 'application/json')).status).toBe(415);
      expect((await post(path, 'a=1\r\nb: c')).status).toBe(400);
      expect((await post(path, 'a=1#b')).status).toBe(400);
      expect((await post(path, `a=${'x'.repeat(13_000)}`)).status).toBe(413);
      expect((await fetch(fleet.url + path, { method: 'PUT', body: 'a=1' })).headers.get('allow')).toBe(
        'GET, HEAD, POST',
      );
    }
    expect((await post('/account', 'a=1')).status).toBe(405);
  });
});
