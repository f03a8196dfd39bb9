import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, PASSWORD, type Person, signUp } from './person.ts';

/** Where an app leads people on to; nobody is there. */
const ELSEWHERE = 'https://elsewhere.invalid/home';
const insecure = { [oauth.allowInsecureRequests]: true } as const;

describe.skipIf(noBrowser)(
  `an answer that the browser posts to the app${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let owner: Person;
    let app: Server;
    let origin: string;
    let issuer: string;
    let client: { client_id: string; client_secret: string };
    /** What the app was sent, in order. */
    const posted: { headers: IncomingHttpHeaders; request: Request }[] = [];
    beforeAll(async () => {
      app = createServer(async (request, response) => {
        const { headers, method, url } = request;
        if (method !== 'POST') return response.end(`<title>The app</title><h1>${url}</h1>`);
        const init = {
          method,
          body: await text(request),
          headers: { 'content-type': headers['content-type']! },
        };
        posted.push({ headers, request: new Request(new URL(url!, origin), init) });
        const home = url!.endsWith('elsewhere') ? ELSEWHERE : '/home';
        return response.writeHead(303, { location: home }).end();
      });
      await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
      [fleet, browser] = await Promise.all([
        startFleet({ host: 'localhost', env: { RATE_LIMIT_STANDARD: 'off' } }),
        openBrowser(),
      ]);
      owner = await signUp(fleet, 'mira');
      const organization = await foundOrganization(owner);
      ({ issuer } = (await fleet.caller().get('/.well-known/openid-configuration')).body);
      const wanted = {
        name: 'Charts',
        grant_types: ['authorization_code'],
        redirect_uris: [`${origin}/callback`, `${origin}/callback?then=elsewhere`],
        scopes: ['read'],
      };
      client = data(await owner.post(`${organization.path}/oauth-applications`, wanted), 201);
    });
    afterAll(async () => {
      await browser?.close();
      await fleet?.stop();
      app?.close();
    });

    const discovered = async () =>
      openid.discovery(new URL(issuer), client.client_id, client.client_secret, undefined, {
        execute: [openid.allowInsecureRequests],
      });
    const secretsOf = () => ({
      pkceCodeVerifier: openid.randomPKCECodeVerifier(),
      expectedState: `${openid.randomState()}"><b>`,
      expectedNonce: openid.randomNonce(),
    });
    type Secrets = ReturnType<typeof secretsOf>;
    const parametersOf = async ({ pkceCodeVerifier, expectedState, expectedNonce }: Secrets) => ({
      redirect_uri: `${origin}/callback`,
      response_mode: 'form_post',
      scope: 'openid read',
      state: expectedState,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    async function signIn(page: Page) {
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
      await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await heading(page, 'May Charts act for you?');
    }
    const decided = async (page: Page, button: 'Allow' | 'Do not allow') => {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.waitForURL(`${origin}/home`);
      return posted.at(-1)!;
    };
    /** What the page would be led to that stands where apps send people. */
    async function sealed(more: object = {}): Promise<string> {
      const asked = await parametersOf(secretsOf());
      const answer = await owner.post('/api/v1/oauth/authorize', {
        client_id: client.client_id,
        ...asked,
        approve: true,
        ...more,
      });
      return data(answer).redirect_url;
    }

    it('is what openid-client and oauth4webapi sign somebody in by, and leaves no code in an address', async () => {
      const config = await discovered();
      expect(config.serverMetadata().response_modes_supported).toEqual(['query', 'form_post']);
      const secrets = secretsOf();
      const url = openid.buildAuthorizationUrl(config, await parametersOf(secrets));
      const { page, faults, sent } = await browser.visit(url.href);
      const visited: string[] = [];
      page.on('framenavigated', frame => visited.push(frame.url()));
      await signIn(page);
      const { headers, request } = await decided(page, 'Allow');
      const body = await request.clone().text();
      const code = new URLSearchParams(body).get('code')!;
      expect([...visited, headers.referer].join(' ')).not.toContain(code);
      expect([headers.origin, headers.referer]).toEqual([issuer, `${issuer}/`]);
      expect(sent.filter(one => one.startsWith('POST /callback'))).toHaveLength(1);
      expect(faults).toEqual([]);
      const tokens = await openid.authorizationCodeGrant(config, request.clone(), secrets);
      expect(tokens.claims()!.sub).toBe(String(owner.id));

      const again = secretsOf();
      const next = openid.buildAuthorizationUrl(config, await parametersOf(again));
      await page.goto(next.href);
      const answered = await decided(page, 'Allow');
      const server = config.serverMetadata() as oauth.AuthorizationServer;
      const parameters = new URLSearchParams(await answered.request.text());
      const validated = oauth.validateAuthResponse(server, client, parameters, again.expectedState);
      const exchanged = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.ClientSecretPost(client.client_secret),
        validated,
        `${origin}/callback`,
        again.pkceCodeVerifier,
        insecure,
      );
      const { expectedNonce } = again;
      await oauth.processAuthorizationCodeResponse(server, client, exchanged, { expectedNonce });
    });

    it('is the refusal too, and the standard client knows it for one', async () => {
      const config = await discovered();
      const secrets = secretsOf();
      const url = openid.buildAuthorizationUrl(config, await parametersOf(secrets));
      const { page } = await browser.visit(url.href);
      await signIn(page);
      const { request } = await decided(page, 'Do not allow');
      await expect(openid.authorizationCodeGrant(config, request, secrets)).rejects.toMatchObject({
        error: 'access_denied',
      });
    });

    it('is not posted by a visit that another site causes, nor a second time by who goes back', async () => {
      const { page } = await browser.visit(`${issuer}/sign-in`);
      const before = posted.length;
      await page.goto(`${origin}/elsewhere`);
      const address = await sealed();
      await page.evaluate(`location.href = ${JSON.stringify(address)}`);
      await heading(page, 'Going back to the app');
      await page.getByText(origin).waitFor();
      await expectNoBarrier(page);
      expect(posted).toHaveLength(before);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.waitForURL(`${origin}/home`);
      expect(posted).toHaveLength(before + 1);
      await page.goto(address);
      await heading(page, 'This sign-in cannot go on');
      await expectNoBarrier(page);
      expect(posted).toHaveLength(before + 1);
    });

    it('lets the app lead people on to another site, as it may after a sign-in by query', async () => {
      const { page, faults } = await browser.visit(`${issuer}/sign-in`);
      await page.goto(await sealed({ redirect_uri: `${origin}/callback?then=elsewhere` }));
      const left = page.waitForEvent('requestfailed', request => request.url() === ELSEWHERE);
      await page.getByRole('button', { name: 'Go on' }).click();
      expect((await left).failure()!.errorText).toBe('net::ERR_NAME_NOT_RESOLVED');
      expect(faults.join()).not.toContain('Content Security Policy');
    });

    it('is in no frame of another site', async () => {
      const { page, faults } = await browser.visit(`${issuer}/sign-in`);
      await page.goto(`${origin}/elsewhere`);
      const address = await sealed();
      const before = posted.length;
      await page.evaluate(
        `new Promise(done => { const frame = document.createElement('iframe'); frame.src = ${JSON.stringify(address)};
          frame.onload = done; document.body.append(frame); })`,
      );
      expect(faults.join()).toContain('frame-ancestors');
      expect(posted).toHaveLength(before);
    });
  },
);
