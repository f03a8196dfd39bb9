import { eventually, type TestCaller } from '@rivergate/testing';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

const CALLBACK = 'https://app.example.com/callback';
const insecure = { [oauth.allowInsecureRequests]: true } as const;

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
let server: oauth.AuthorizationServer;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_STANDARD: 'off' } });
  [owner, member] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'member')]);
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
  const issuer = new URL(fleet.url);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  server = await oauth.processDiscoveryResponse(issuer, found);
});
afterAll(() => fleet?.stop());

interface Application {
  path: string;
  client: oauth.Client;
  authentication: oauth.ClientAuth;
}

let applications = 0;
async function register(more: object = {}): Promise<Application> {
  const wanted = {
    name: `Application ${++applications}`,
    grant_types: ['authorization_code', 'client_credentials'],
    redirect_uris: [CALLBACK],
    scopes: ['read', 'write', 'admin'],
    ...more,
  };
  const path = `${organization.path}/oauth-applications`;
  const created = data(await owner.post(path, wanted), 201);
  return {
    path: `${path}/${created.id}`,
    client: { client_id: created.client_id },
    authentication: oauth.ClientSecretBasic(created.client_secret),
  };
}

/** What a browser app does: code and PKCE, by a client that others wrote. */
async function signIn({ client, authentication }: Application, person: Person, scope = 'read write') {
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  // Where it signs people in itself, and so has an access token to bring; others send them to the page.
  const address = new URL('/oauth/authorize', fleet.url);
  address.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const { status, headers } = await person.get(address.pathname + address.search);
  expect(status).toBe(302);
  const back = new URL(headers.get('location')!);
  const parameters = oauth.validateAuthResponse(server, client, back, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    CALLBACK,
    verifier,
    insecure,
  );
  return oauth.processAuthorizationCodeResponse(server, client, answer);
}

async function ownToken({ client, authentication }: Application, scope: string): Promise<string> {
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    authentication,
    { scope },
    insecure,
  );
  return (await oauth.processClientCredentialsResponse(server, client, answer)).access_token;
}

async function refresh({ client, authentication }: Application, token: string) {
  const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, insecure);
  return oauth.processRefreshTokenResponse(server, client, answer);
}

const reads = async (by: TestCaller) => (await by.get(organization.path)).status;
const creates = async (by: TestCaller) =>
  (await by.post(`${organization.path}/workspaces`, { name: `Workspace ${++applications}` })).status;
const administers = async (by: TestCaller) => (await by.get(`${organization.path}/settings`)).status;

describe('a standard client', () => {
  it('signs a user in with code and PKCE, refreshes, and revokes', async () => {
    const application = await register();
    const tokens = await signIn(application, member, 'read');
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scope: 'read' });
    const by = fleet.caller(tokens.access_token);
    expect(await reads(by)).toBe(200);
    const next = await refresh(application, tokens.refresh_token!);
    expect(await reads(fleet.caller(next.access_token))).toBe(200);
    const { client, authentication } = application;
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, next.refresh_token!, insecure),
    );
    expect(await reads(fleet.caller(next.access_token))).toBe(401);
    expect(await reads(by)).toBe(401);
    await expect(refresh(application, next.refresh_token!)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('acts for the organization by its scopes alone', async () => {
    const application = await register();
    for (const scope of ['read', 'write', 'admin']) {
      const by = fleet.caller(await ownToken(application, scope));
      expect([scope, await reads(by), await creates(by), await administers(by)]).toEqual([
        scope,
        scope === 'read' ? 200 : 403,
        scope === 'write' ? 201 : 403,
        scope === 'admin' ? 200 : 403,
      ]);
    }
  });
});

describe('a token of an application', () => {
  it('that acts for a user can do what the scope and the user’s rights both allow', async () => {
    const application = await register();
    const viewer = fleet.caller((await signIn(application, member, 'read write admin')).access_token);
    expect([await reads(viewer), await creates(viewer), await administers(viewer)]).toEqual([200, 403, 403]);
    const administrator = fleet.caller((await signIn(application, owner, 'read')).access_token);
    expect([await reads(administrator), await creates(administrator)]).toEqual([200, 403]);
    expect(await administers(administrator)).toBe(403);
  });

  it('acts in the organization of the application only, and authorizes no other', async () => {
    const elsewhere = await foundOrganization(owner);
    const application = await register();
    const tokens = [
      (await signIn(application, owner, 'read write admin')).access_token,
      await ownToken(application, 'read write admin'),
    ];
    for (const by of tokens.map(token => fleet.caller(token))) {
      expect((await by.get(elsewhere.path)).status).toBe(404);
      expect((await by.get(`${elsewhere.path}/settings`)).status).toBe(404);
      expect((await by.post('/api/v1/auth/tokens', { name: 'x', scopes: ['read'] })).status).toBe(403);
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: application.client.client_id,
        redirect_uri: CALLBACK,
      });
      const answer = await by.get(`/oauth/authorize?${query}`);
      expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope']);
    }
  });

  it.each([
    ['revoked', (path: string) => owner.post(`${path}/revoke`)],
    ['deleted', (path: string) => owner.delete(path)],
    ['given a new secret', (path: string) => owner.post(`${path}/regenerate-secret`)],
  ])('is dead with the next request when the application is %s', async (_, end) => {
    const application = await register();
    const tokens = [
      (await signIn(application, member)).access_token,
      await ownToken(application, 'read'),
    ].map(token => fleet.caller(token));
    for (const by of tokens) expect(await reads(by)).toBe(200);
    data(await end(application.path));
    for (const by of tokens) expect(await reads(by)).toBe(401);
  });

  it('has no scope that was taken from its application, from the next request on', async () => {
    const application = await register();
    const tokens = [
      (await signIn(application, owner, 'read write')).access_token,
      await ownToken(application, 'read write'),
    ].map(token => fleet.caller(token));
    for (const by of tokens) expect([await reads(by), await creates(by)]).toEqual([200, 201]);
    data(await owner.patch(application.path, { scopes: ['read'] }));
    for (const by of tokens) expect([await reads(by), await creates(by)]).toEqual([200, 403]);
  });

  it('ends with the membership of its user', async () => {
    const leaving = await signUp(fleet, 'leaving');
    await join(owner, leaving, organization, 'Developer');
    const application = await register();
    const tokens = await signIn(application, leaving);
    const by = fleet.caller(tokens.access_token);
    expect(await reads(by)).toBe(200);
    data(await owner.delete(`${organization.path}/members/${leaving.id}`));
    expect(await reads(by)).toBe(401);
    await expect(refresh(application, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('leaves entries in the audit log, and itself in none', async () => {
    const application = await register();
    const { access_token } = await signIn(application, member);
    const text = await eventually(async () => {
      const log = (await owner.get(`${organization.path}/audit-logs?limit=20`)).text;
      return log.includes('oauth.token.issued') && log.includes('oauth.authorization.approved') && log;
    }, 'the audit entries');
    expect(text).not.toContain(access_token);
  });
});
