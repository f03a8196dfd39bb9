import {
  auth,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
} from '@modelcontextprotocol/sdk/client/auth.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
/** All that is given to the client. */
let url: string;
beforeAll(async () => {
  fleet = await startFleet({ env: { RATE_LIMIT_STANDARD: 'off' } });
  [owner, member] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'member')]);
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
  url = fleet.url + organization.path;
});
afterAll(() => fleet?.stop());

const open = (open_registration: boolean) =>
  owner.patch(`${organization.path}/settings`, { oauth: { open_registration } });

/** A client with the MCP project's own implementation of how one signs in; it knows an address and nothing else. */
function mcpClient() {
  const kept: {
    client?: OAuthClientInformationMixed;
    tokens?: OAuthTokens;
    verifier?: string;
    sentTo?: URL;
  } = {};
  const provider: OAuthClientProvider = {
    redirectUrl: 'http://127.0.0.1:33418/callback',
    clientMetadata: {
      client_name: 'Editor',
      redirect_uris: ['http://127.0.0.1:33418/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => 'state of the client',
    clientInformation: () => kept.client,
    saveClientInformation: client => {
      kept.client = client;
    },
    tokens: () => kept.tokens,
    saveTokens: tokens => {
      kept.tokens = tokens;
    },
    redirectToAuthorization: sentTo => {
      kept.sentTo = sentTo;
    },
    saveCodeVerifier: verifier => {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier!,
  };
  return { kept, provider };
}

/** What the page at the authorization endpoint does for somebody who signs in and allows it. */
async function allow(person: Person, sentTo: URL): Promise<URL> {
  const { response_type: _, ...asked } = Object.fromEntries(sentTo.searchParams);
  const answer = await person.post('/api/v1/oauth/authorize', { ...asked, approve: true });
  return new URL(data(answer).redirect_url);
}

/** From the address alone to the page, as it begins with a request that is refused. */
async function begin({ provider }: ReturnType<typeof mcpClient>): Promise<string> {
  const refused = await fetch(url);
  expect(refused.status).toBe(401);
  const { resourceMetadataUrl } = extractWWWAuthenticateParams(refused);
  return auth(provider, { serverUrl: url, resourceMetadataUrl });
}

describe('an MCP client that is given nothing but an address', () => {
  it('is turned away where no organization lets such clients in', async () => {
    await expect(begin(mcpClient())).rejects.toThrow(/token|registration|401/i);
  });

  it('registers, has its user sign in, acts in that organization alone, and refreshes', async () => {
    data(await open(true));
    const client = mcpClient();
    await eventually(async () => (await begin(client).catch(() => null)) === 'REDIRECT', 'the registration');
    const { sentTo } = client.kept;
    expect(sentTo!.href.split('?')[0]).toBe(`${fleet.url}/authorize`);
    expect(Object.fromEntries(sentTo!.searchParams)).toMatchObject({
      resource: url,
      code_challenge_method: 'S256',
      scope: 'read write',
    });
    const back = await allow(member, sentTo!);
    expect(back.searchParams.get('state')).toBe('state of the client');
    const authorizationCode = back.searchParams.get('code')!;
    expect(await auth(client.provider, { serverUrl: url, authorizationCode })).toBe('AUTHORIZED');

    const { access_token } = client.kept.tokens!;
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1]!, 'base64url').toString());
    expect(claims.aud).toContain(url);
    const by = fleet.caller(access_token);
    data(await by.get(organization.path));
    const elsewhere = await foundOrganization(member);
    expect((await by.get(elsewhere.path)).status).toBe(404);

    expect(await auth(client.provider, { serverUrl: url })).toBe('AUTHORIZED');
    expect(client.kept.tokens!.access_token).not.toBe(access_token);
    data(await fleet.caller(client.kept.tokens!.access_token).get(organization.path));

    data(await open(false));
    const last = fleet.caller(client.kept.tokens!.access_token);
    await eventually(async () => (await last.get(organization.path)).status === 401, 'the end of its tokens');
  });
});
