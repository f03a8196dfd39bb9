import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
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
  fleet = await startFleet({
    env: { RATE_LIMIT_STANDARD: 'off', OUTBOUND_ALLOW: '127.0.0.1', DPOP_NONCE_REQUIRED: 'true' },
  });
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

describe('a standard client with a key', () => {
  const ALGORITHM = 'ES256';
  type Keys = Awaited<ReturnType<typeof oauth.generateKeyPair>>;
  let keys: Keys;
  let site: Server;
  beforeAll(async () => {
    keys = await oauth.generateKeyPair(ALGORITHM, { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'own', alg: ALGORITHM, use: 'sig' };
    site = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void site?.close());

  const applicationWithKey = async (more: object = {}) => {
    const { port } = site.address() as AddressInfo;
    return data(
      await owner.post(`${organization.path}/oauth-applications`, {
        name: 'With a key',
        grant_types: [
          'authorization_code',
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:device_code',
        ],
        redirect_uris: [CALLBACK],
        scopes: ['read'],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `http://127.0.0.1:${port}/jwks.json`,
        ...more,
      }),
      201,
    );
  };

  it('proves itself at every endpoint by the keys that it publishes, as openid-client does it', async () => {
    const { client_id } = await applicationWithKey();
    const config = await openid.discovery(
      new URL(fleet.url),
      client_id,
      undefined,
      openid.PrivateKeyJwt({ key: keys.privateKey, kid: 'own' }),
      { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' },
    );
    const { token_endpoint_auth_methods_supported, token_endpoint_auth_signing_alg_values_supported } =
      config.serverMetadata();
    expect(token_endpoint_auth_methods_supported).toContain('private_key_jwt');
    expect(token_endpoint_auth_signing_alg_values_supported).toContain(ALGORITHM);
    const own = await openid.clientCredentialsGrant(config, { scope: 'read' });
    data(await fleet.caller(own.access_token).get(organization.path));
    expect(await openid.tokenIntrospection(config, own.access_token)).toMatchObject({
      active: true,
      client_id,
    });
    await openid.tokenRevocation(config, own.access_token);
    expect(await openid.tokenIntrospection(config, own.access_token)).toEqual({ active: false });
    expect(await openid.initiateDeviceAuthorization(config, { scope: 'read' })).toHaveProperty('device_code');

    const verifier = openid.randomPKCECodeVerifier();
    const address = await openid.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: LISTENING,
      scope: 'read',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const back = await allow(Object.fromEntries(address.searchParams));
    const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token!);
    data(await fleet.caller(next.access_token).get(organization.path));
  });

  it('is told apart from whoever has another key, as oauth4webapi does it', async () => {
    const { client_id } = await applicationWithKey({ name: 'With another key' });
    const client = { client_id };
    const ask = (key: Keys['privateKey']) =>
      oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.PrivateKeyJwt({ key, kid: 'own' }),
        { scope: 'read' },
        insecure,
      );
    const good = await ask(keys.privateKey);
    expect(await oauth.processClientCredentialsResponse(server, client, good)).toMatchObject({
      scope: 'read',
    });
    const other = await oauth.generateKeyPair(ALGORITHM);
    await expect(
      oauth.processClientCredentialsResponse(server, client, await ask(other.privateKey)),
    ).rejects.toMatchObject({ status: 401 });
  });
});

describe('a client that is registered for tokens bound to a key', () => {
  it('gets none without a proof, and one that is good with its key and the nonces that are told, by openid-client and oauth4webapi', async () => {
    const client = data(
      await owner.post(`${organization.path}/oauth-applications`, {
        name: 'Bound',
        grant_types: ['client_credentials'],
        redirect_uris: [CALLBACK],
        scopes: ['read'],
        dpop_bound_access_tokens: true,
      }),
      201,
    );
    const secret = client.client_secret;
    const ask = (more: oauth.ClientCredentialsGrantRequestOptions = {}) =>
      oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.ClientSecretBasic(secret),
        { scope: 'read' },
        { ...insecure, ...more },
      );
    await expect(oauth.processClientCredentialsResponse(server, client, await ask())).rejects.toMatchObject({
      error: 'invalid_dpop_proof',
      status: 400,
    });
    const keys = await oauth.generateKeyPair('ES256');
    const DPoP = oauth.DPoP(client, keys);
    /** As the documentation of oauth4webapi has it: the nonce is kept, and the request made once more. */
    const askedTwice = async <Answer>(asking: () => Promise<Answer>): Promise<Answer> => {
      const first = await asking().catch((cause: unknown) => cause);
      expect(oauth.isDPoPNonceError(first)).toBe(true);
      return asking();
    };
    const bound = await askedTwice(async () =>
      oauth.processClientCredentialsResponse(server, client, await ask({ DPoP })),
    );
    expect(bound.token_type).toBe('dpop');
    const opened = (token: string, more: object = {}) =>
      oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, { ...insecure, ...more });
    // The nonce of the token endpoint is good at the API, which gives one to who comes without.
    expect((await opened(bound.access_token, { DPoP })).status).toBe(200);
    const elsewhere = oauth.DPoP(client, keys);
    const late = await askedTwice(() => opened(bound.access_token, { DPoP: elsewhere }));
    expect(late.status).toBe(200);
    await expect(opened(bound.access_token)).rejects.toMatchObject({ status: 401 });

    const config = await openid.discovery(
      new URL(fleet.url),
      client.client_id,
      undefined,
      openid.ClientSecretBasic(secret),
      { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' },
    );
    await expect(openid.clientCredentialsGrant(config, { scope: 'read' })).rejects.toMatchObject({
      error: 'invalid_dpop_proof',
    });
    const handle = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
    const again = await openid.clientCredentialsGrant(config, { scope: 'read' }, { DPoP: handle });
    const answer = await openid.fetchProtectedResource(
      config,
      again.access_token,
      resource,
      'GET',
      undefined,
      undefined,
      { DPoP: handle },
    );
    expect(answer.status).toBe(200);
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
