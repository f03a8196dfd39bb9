import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, signUp } from './person.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const insecure = { [oauth.allowInsecureRequests]: true } as const;

let fleet: AcceptanceFleet;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
let server: oauth.AuthorizationServer;
let application: { client_id: string; client_secret: string };
let client: oauth.Client;
let authentication: oauth.ClientAuth;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_STANDARD: 'off' } });
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
  const issuer = new URL(fleet.url);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  server = await oauth.processDiscoveryResponse(issuer, found);
  application = data(
    await owner.post(`${organization.path}/oauth-applications`, {
      name: 'Command line',
      grant_types: [DEVICE_CODE, 'client_credentials'],
      redirect_uris: [],
      scopes: ['read', 'write'],
    }),
    201,
  );
  client = { client_id: application.client_id };
  authentication = oauth.ClientSecretBasic(application.client_secret);
});
afterAll(() => fleet?.stop());

const answer = (user_code: string, approve = true) =>
  owner.post('/api/v1/oauth/device/answer', { user_code, approve });
const openidClient = () =>
  openid.discovery(
    new URL(fleet.url),
    application.client_id,
    undefined,
    openid.ClientSecretPost(application.client_secret),
    { execute: [openid.allowInsecureRequests], algorithm: 'oauth2' },
  );

describe('the device flow', () => {
  it('is driven by oauth4webapi, which is told to wait and to slow down; a refused device stays refused', async () => {
    const parameters = { scope: 'read' };
    const begun = await oauth.deviceAuthorizationRequest(
      server,
      client,
      authentication,
      parameters,
      insecure,
    );
    const codes = await oauth.processDeviceAuthorizationResponse(server, client, begun);
    const poll = async () => {
      const polled = await oauth.deviceCodeGrantRequest(
        server,
        client,
        authentication,
        codes.device_code,
        insecure,
      );
      return oauth.processDeviceCodeResponse(server, client, polled);
    };
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    await expect(poll()).rejects.toMatchObject({ error: 'slow_down' });
    const asked = data(await owner.post('/api/v1/oauth/device', { user_code: codes.user_code }));
    expect(asked).toMatchObject({ app_name: 'Command line', requested_scopes: ['read'] });
    expect((await answer(codes.user_code, false)).status).toBe(204);
    expect((await answer(codes.user_code)).status).toBe(404);
  });

  it('is driven by openid-client, which waits by itself', async () => {
    const config = await openidClient();
    const codes = await openid.initiateDeviceAuthorization(config, { scope: 'read' });
    const polling = openid.pollDeviceAuthorizationGrant(config, codes);
    expect((await answer(codes.user_code)).status).toBe(204);
    const tokens = await polling;
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read' });
    expect((await fleet.caller(tokens.access_token).get(organization.path)).status).toBe(200);
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token!);
    expect((await fleet.caller(next.access_token).get(organization.path)).status).toBe(200);
    const again = openid.genericGrantRequest(config, DEVICE_CODE, { device_code: codes.device_code });
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await fleet.caller(next.access_token).get(organization.path)).status).toBe(401);
  });
});

describe('a token that is bound to a key', () => {
  const reads = (method = 'GET', path = organization.path) => [method, new URL(path, fleet.url)] as const;

  it('is got and used by oauth4webapi, and is of no use without the key', async () => {
    const keys = await oauth.generateKeyPair('ES256');
    const DPoP = oauth.DPoP(client, keys);
    const granted = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      { scope: 'read' },
      {
        DPoP,
        ...insecure,
      },
    );
    const { access_token, token_type } = await oauth.processClientCredentialsResponse(
      server,
      client,
      granted,
    );
    expect(token_type).toBe('dpop');
    const [method, url] = reads();
    const ask = (token: string, options: object = {}) =>
      oauth.protectedResourceRequest(token, method, url, undefined, undefined, { ...insecure, ...options });
    for (let time = 0; time < 6; time++) expect((await ask(access_token, { DPoP })).status).toBe(200);
    await expect(ask(access_token)).rejects.toMatchObject({ status: 401 });
    const thief = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    await expect(ask(access_token, { DPoP: thief })).rejects.toMatchObject({ status: 401 });

    const request = await oauth.introspectionRequest(server, client, authentication, access_token, insecure);
    const facts = await oauth.processIntrospectionResponse(server, client, request);
    expect(facts).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: await DPoP.calculateThumbprint() },
    });
  });

  it.each(['ES256', 'Ed25519', 'RS256', 'PS256'])(
    'is got and used by openid-client with %s',
    async algorithm => {
      const config = await openidClient();
      expect(config.serverMetadata().dpop_signing_alg_values_supported).toContain(algorithm);
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair(algorithm));
      const tokens = await openid.clientCredentialsGrant(config, { scope: 'read' }, { DPoP });
      const [method, url] = reads();
      const body = [undefined, undefined] as const;
      const ask = () =>
        openid.fetchProtectedResource(config, tokens.access_token, url, method, ...body, { DPoP });
      expect((await ask()).status).toBe(200);
      expect((await ask()).status).toBe(200);
      const bearer = openid.fetchProtectedResource(config, tokens.access_token, url, method);
      await expect(bearer).rejects.toMatchObject({ status: 401 });
    },
  );

  it('comes by the device flow too', async () => {
    const config = await openidClient();
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
    const codes = await openid.initiateDeviceAuthorization(config, { scope: 'read' });
    expect((await answer(codes.user_code)).status).toBe(204);
    const tokens = await openid.pollDeviceAuthorizationGrant(config, codes, undefined, { DPoP });
    expect(tokens.token_type).toBe('dpop');
    const [method, url] = reads();
    const sent = openid.fetchProtectedResource(
      config,
      tokens.access_token,
      url,
      method,
      undefined,
      undefined,
      { DPoP },
    );
    expect((await sent).status).toBe(200);
  });
});
