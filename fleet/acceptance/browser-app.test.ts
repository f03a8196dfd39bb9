import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, PASSWORD, type Person, signUp } from './person.ts';

/** An app of a page and a library that others wrote. It signs in when it is opened, and shows what the API answers. */
const appOf = (issuer: string, clientId: string, organization: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>App</title></head>
<body><main data-view="app"><h1>App</h1><p id="shown">…</p></main>
<script type="module">
import * as oauth from '/oauth4webapi.js';
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL('${issuer}');
const client = { client_id: '${clientId}' };
const callback = location.origin + '/';
const shown = document.getElementById('shown');
try {
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  if (!location.search) {
    const verifier = oauth.generateRandomCodeVerifier();
    sessionStorage.setItem('verifier', verifier);
    const parameters = new URLSearchParams({
      response_type: 'code',
      redirect_uri: callback,
      scope: 'read',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const pushing = oauth.pushedAuthorizationRequest(server, client, oauth.None(), parameters, insecure);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, await pushing);
    const page = new URL(server.authorization_endpoint);
    page.search = new URLSearchParams({ client_id: client.client_id, request_uri });
    location.replace(page);
  } else {
    const back = oauth.validateAuthResponse(server, client, new URL(location.href));
    const verifier = sessionStorage.getItem('verifier');
    const exchange = await oauth.authorizationCodeGrantRequest(
      server, client, oauth.None(), back, callback, verifier, insecure);
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, exchange);
    const headers = { authorization: 'Bearer ' + tokens.access_token };
    const answer = await fetch(new URL('${organization}', issuer), { headers });
    shown.textContent = answer.status + ' ' + (await answer.json()).data.name;
    await oauth.revocationRequest(server, client, oauth.None(), tokens.refresh_token, insecure);
    const refused = await fetch(new URL('${organization}', issuer), { headers });
    shown.textContent += ', then ' + refused.status + ' ' + refused.headers.get('www-authenticate');
  }
} catch (cause) {
  shown.textContent = 'Failed: ' + cause;
}
</script></body></html>`;

describe.skipIf(noBrowser)(`an app in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let owner: Person;
  let organization: Awaited<ReturnType<typeof foundOrganization>>;
  let server: Server;
  let page = '';
  let origin: string;
  beforeAll(async () => {
    const library = await readFile(fileURLToPath(import.meta.resolve('oauth4webapi')));
    server = createServer(({ url }, response) => {
      const isLibrary = url === '/oauth4webapi.js';
      response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html');
      response.end(isLibrary ? library : page);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
    owner = await signUp(fleet, 'mira');
    organization = await foundOrganization(owner);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
    server?.close();
  });

  const issuer = () => new URL(fleet.environment.of('identity').PUBLIC_URL!).href.replace(/\/$/, '');

  it('of another origin signs in with a public client, calls the API, and signs out', async () => {
    const { client_id } = data(
      await owner.post(`${organization.path}/oauth-applications`, {
        name: 'Page',
        grant_types: ['authorization_code'],
        redirect_uris: [`${origin}/`],
        scopes: ['read'],
        token_endpoint_auth_method: 'none',
      }),
      201,
    );
    page = appOf(issuer(), client_id, organization.path);
    const visit = await browser.visit(origin, { ownAddress: false });
    await heading(visit.page, 'Sign in to go on to Page');
    await visit.page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
    await visit.page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await visit.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading(visit.page, 'May Page act for you?');
    expect(await visit.page.locator('#unverified').isVisible()).toBe(false);
    await visit.page.getByText(origin).waitFor();
    await visit.page.getByRole('button', { name: 'Allow', exact: true }).click();
    await visit.page.getByText(/^(?:200 .*, then|Failed)/).waitFor();
    const shown = (await visit.page.locator('#shown').textContent())!;
    expect(shown).toMatch(/^200 .+, then 401 Bearer error="invalid_token"/);
    expect(shown).toContain(`/.well-known/oauth-protected-resource${organization.path}"`);
  });

  it.each([
    [320, 'dark'],
    [1280, 'light'],
  ] as const)(
    'that registered itself is said to be checked by nobody (%i pixels, %s)',
    async (width, colorScheme) => {
      const token = data(
        await owner.post(`${organization.path}/oauth-registration-tokens`, {
          name: 'Once',
          scopes: ['read'],
        }),
        201,
      ).token;
      const metadata = {
        client_name: 'Charts',
        redirect_uris: ['com.example.charts:/callback'],
        token_endpoint_auth_method: 'none',
      };
      const headers = { authorization: `Bearer ${token}` };
      const registered = await fleet.caller().post('/oauth/register', metadata, { headers });
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: registered.body.client_id,
        redirect_uri: 'com.example.charts:/callback',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      const visit = await browser.visit(`${issuer()}/authorize?${query}`, { width, colorScheme });
      await heading(visit.page, 'Sign in to go on to Charts');
      await visit.page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
      await visit.page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
      await visit.page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await heading(visit.page, 'May Charts act for you?');
      await visit.page.getByText('has checked this app').waitFor();
      await visit.page.getByText('com.example.charts', { exact: true }).waitFor();
      await expectNoBarrier(visit.page);
      expect(visit.faults).toEqual([]);
    },
  );
});
