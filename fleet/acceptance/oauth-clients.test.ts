import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, signUp } from './person.ts';

const CALLBACK = 'http://127.0.0.1/callback';
/** Where the app listens this time. */
const LISTENING = 'http://127.0.0.1:49152/callback';
const insecure = { [oauth.allowInsecureRequests]: true } as const;

let fleet: AcceptanceFleet;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
let resource: URL;
let server: oauth.AuthorizationServer;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_STANDARD: 'off' } });
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
  resource = new URL(organization.path, fleet.url);
  // From the address of a resource to its authorization server (RFC 9728), and what that one can (RFC 8414).
  const described = await oauth.resourceDiscoveryRequest(resource, insecure);
  const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, described);
  const issuer = new URL(authorization_servers![0]!);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  server = await oauth.processDiscoveryResponse(issuer, found);
});
afterAll(() => fleet?.stop());

async function registrationToken(more: object = {}): Promise<string> {
  const wanted = { name: 'Agents', scopes: ['read'], ...more };
  return data(await owner.post(`${organization.path}/oauth-registration-tokens`, wanted), 201).token;
}

async function register(metadata: Partial<oauth.Client>): Promise<oauth.OmitSymbolProperties<oauth.Client>> {
  const initialAccessToken = await registrationToken();
  const answer = await oauth.dynamicClientRegistrationRequest(
    server,
    { redirect_uris: [CALLBACK], ...metadata },
    { initialAccessToken, ...insecure },
  );
  return oauth.processDynamicClientRegistrationResponse(answer);
}

/** What the page does for somebody who allows it. */
async function allow(asked: Record<string, string>): Promise<URL> {
  return new URL(data(await owner.post('/api/v1/oauth/authorize', { ...asked, approve: true })).redirect_url);
}

describe('a standard client without a secret', () => {
  it('registers, pushes what it asks, signs in at whichever port, and refreshes', async () => {
    const client = await register({ token_endpoint_auth_method: 'none', client_name: 'Tool' });
    expect(client.client_secret).toBeUndefined();
    const verifier = oauth.generateRandomCodeVerifier();
    const parameters = new URLSearchParams({
      response_type: 'code',
      redirect_uri: LISTENING,
      scope: 'read',
      resource: resource.href,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const pushed = await oauth.processPushedAuthorizationResponse(
      server,
      client,
      await oauth.pushedAuthorizationRequest(server, client, oauth.None(), parameters, insecure),
    );
    const { client_id } = client;
    const back = await allow({ client_id, request_uri: pushed.request_uri });
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        oauth.validateAuthResponse(server, client, back),
        LISTENING,
        verifier,
        { ...insecure, additionalParameters: { resource: resource.href } },
      ),
    );
    data(await fleet.caller(tokens.access_token).get(organization.path));
    const next = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token!, insecure),
    );
    data(await fleet.caller(next.access_token).get(organization.path));
  });
});

describe('a registered client', () => {
  it('looks after its registration by its token, and is gone with its tokens', async () => {
    const client = await register({});
    const by = {
      headers: {
        authorization: `Bearer ${client.registration_access_token}`,
        'content-type': 'application/json',
      },
    };
    const own = client.registration_client_uri as string;
    expect(await (await fetch(own, by)).json()).toMatchObject({ client_id: client.client_id });
    const change = { client_id: client.client_id, redirect_uris: [CALLBACK], client_name: 'Other' };
    const changed = await fetch(own, { ...by, method: 'PUT', body: JSON.stringify(change) });
    expect(await changed.json()).toMatchObject({ client_name: 'Other' });
    expect((await fetch(own, { ...by, method: 'DELETE' })).status).toBe(204);
    expect((await fetch(own, by)).status).toBe(401);
  });

  it('opens nothing of the API by the tokens of its registration', async () => {
    const client = await register({});
    for (const token of [client.registration_access_token as string, await registrationToken()]) {
      const by = fleet.caller(token);
      expect((await by.get(organization.path)).status).toBe(401);
      expect((await by.get('/api/v1/auth/me')).status).toBe(401);
    }
  });
});
