import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '@rivergate/service-sso/testing/saml-identity-provider';
import { eventually } from '@rivergate/testing';
import {
  type IdentityProviderUnderTest,
  type PersonElsewhere,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, PASSWORD, type Person, proveDomain, signUp } from './person.ts';

const DOMAIN = 'acme-sso.test';
const CALLBACK = 'https://app.example/callback';

describe.skipIf(noBrowser)(
  `a sign-in at an organization, by the page${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let names: NameServer;
    let elsewhere: IdentityProviderUnderTest;
    let saml: SamlIdentityProviderUnderTest;
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let url: string;
    let asked: string;
    let administrator: Person;
    let provider: number;
    beforeAll(async () => {
      names = await startNameServer();
      const env = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address, RATE_LIMIT_STANDARD: 'off' };
      [fleet, browser] = await Promise.all([startFleet({ host: 'localhost', env }), openBrowser()]);
      url = `http://localhost:${new URL(fleet.url).port}`;
      elsewhere = await startIdentityProvider({
        clients: [
          {
            client_id: 'rivergate',
            client_secret: SECRET,
            redirect_uris: [`${url}/api/v1/sso/providers/1/callback`],
          },
        ],
      });
      administrator = await signUp(fleet, 'owner');
      const { path } = await foundOrganization(administrator);
      administrator = administrator.with(data(await administrator.post(`${path}/switch`, {})));
      await proveDomain(administrator, path, DOMAIN, names);
      const settings = {
        provider_type: 'oidc',
        name: 'Acme Login',
        issuer: elsewhere.issuer,
        client_id: 'rivergate',
        client_secret: SECRET,
        domains: [DOMAIN],
      };
      provider = data(await administrator.post('/api/v1/sso/providers', settings), 201).provider.id;
      saml = await startSamlIdentityProvider();
      const other = {
        provider_type: 'saml',
        name: 'Acme SAML',
        metadata_url: saml.metadataUrl,
        domains: [DOMAIN],
      };
      const { id: second } = data(await administrator.post('/api/v1/sso/providers', other), 201).provider;
      saml.register((await fleet.caller().get(`/api/v1/sso/providers/${second}/metadata`)).text);
      await eventually(
        async () =>
          data(await fleet.caller().post('/api/v1/sso/discover', { domain: DOMAIN })).providers.length > 0,
        'the domain',
      );
      const application = {
        name: 'Charts',
        grant_types: ['authorization_code'],
        redirect_uris: [CALLBACK],
        scopes: ['read'],
      };
      const { client_id } = data(await administrator.post(`${path}/oauth-applications`, application), 201);
      const parameters = { response_type: 'code', client_id, redirect_uri: CALLBACK, state: 's' };
      asked = `${url}/authorize?${new URLSearchParams(parameters)}`;
    });
    afterAll(async () => {
      await browser?.close();
      await elsewhere?.stop();
      await saml?.stop();
      await fleet?.stop();
      await names?.stop();
    });

    let people = 0;
    const someone = (): PersonElsewhere & { email: string } => {
      const name = `ada${++people}`;
      return { sub: name, email: `${name}@${DOMAIN}`, name: `Ada ${people}` };
    };

    /** Opens a page as somebody whom the provider knows. */
    async function visit(address: string, person: PersonElsewhere, options = {}) {
      elsewhere.know(person);
      const { page, faults } = await browser.visit(address, options);
      await page.context().setExtraHTTPHeaders({ 'x-person': person.sub });
      const addresses: string[] = [];
      page.on('request', request => request.isNavigationRequest() && addresses.push(request.url()));
      return { page, faults, addresses };
    }
    async function begin(page: Page, email: string) {
      await page.getByRole('textbox', { name: 'Email' }).fill(email);
      await page.locator('#sign-in-password').focus();
      await page.getByRole('button', { name: 'Continue with Acme Login' }).click();
    }

    it('comes back to the app’s request as a member, with no token in any address', async () => {
      const ada = someone();
      const { page, faults, addresses } = await visit(asked, ada);
      await begin(page, ada.email);
      await heading(page, 'May Charts act for you?');
      await page.getByText(`You are signed in as ${ada.email}. Use another account`).waitFor();
      expect(page.url()).toBe(asked);
      expect(addresses.join()).not.toMatch(/token|eyJ/);
      expect(await keptBy(page)).not.toMatch(/eyJ|refresh_token|verifier/);
      expect(faults).toEqual([]);
      const [attempt] = data(await administrator.get(`/api/v1/sso/providers/${provider}/attempts`)).attempts;
      expect(attempt).toMatchObject({ outcome: 'succeeded', email: ada.email });
    });

    it('is offered for addresses of the organization alone', async () => {
      const { page } = await visit(`${url}/sign-in`, someone(), { width: 320, colorScheme: 'dark' });
      const email = page.getByRole('textbox', { name: 'Email' });
      const button = page.getByRole('button', { name: 'Continue with Acme Login' });
      await email.fill(`nobody-here@${DOMAIN}`);
      await email.blur();
      await button.waitFor();
      await expectNoBarrier(page);
      await email.fill('ada@example.com');
      await email.blur();
      await button.waitFor({ state: 'detached' });
    });

    it('signs nobody in by a link that somebody else has begun', async () => {
      const begun = new URLSearchParams({
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        state: 'page.of-mallory',
      });
      const login = `/api/v1/sso/providers/${provider}/login?${begun}`;
      const { headers } = await fleet.caller().get(login);
      const sent = new URLSearchParams(await elsewhere.signIn(headers.get('location')!, someone()));
      const back = await fleet.caller().get(`/api/v1/sso/providers/${provider}/callback?${sent}`);
      const link = back.headers.get('location')!;
      expect(Object.keys(Object.fromEntries(new URL(link).searchParams))).toEqual(['state', 'code']);
      const victim = await browser.visit(link);
      await heading(victim.page, 'You are not signed in');
      await victim.page.getByText('This sign-in was not begun in this tab').waitFor();
      expect(victim.page.url()).toBe(`${url}/sso`);
      expect(await victim.page.context().cookies(url)).toEqual([]);
      await expectNoBarrier(victim.page);
    });

    it('says why somebody is not let in, and leads to where they were', async () => {
      const stranger = { ...someone(), email: 'ada@elsewhere.example' };
      const { page } = await visit(asked, stranger);
      await begin(page, `x@${DOMAIN}`);
      await heading(page, 'You are not signed in');
      await page.getByText('Your address is none of those that sign in this way').waitFor();
      await page.getByRole('link', { name: 'Try again' }).click();
      await heading(page, 'Sign in to go on to Charts');
    });

    it('asks whose account it is that has the address already, and connects it once it is proved', async () => {
      const grace = await signUp(fleet, 'grace', 'Grace', DOMAIN);
      const person = { sub: 'grace-elsewhere', email: grace.email, name: 'Grace' };
      const { page, faults } = await visit(`${url}/sign-in`, person);
      await begin(page, grace.email);
      await heading(page, 'Is this account yours?');
      await page.getByText(`Acme Login says that you are ${grace.email}`).waitFor();
      await expectNoBarrier(page);
      await page.locator('#sign-in-password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(`${url}/account`);
      expect(faults).toEqual([]);
      const again = await visit(asked, person);
      await begin(again.page, grace.email);
      await heading(again.page, 'May Charts act for you?');
    });

    it('comes back from a SAML provider, too', async () => {
      saml.person = { nameId: `saml-first@${DOMAIN}` };
      const { page, faults } = await browser.visit(asked);
      await page.getByRole('textbox', { name: 'Email' }).fill(saml.person.nameId);
      await page.locator('#sign-in-password').focus();
      await page.getByRole('button', { name: 'Continue with Acme SAML' }).click();
      await heading(page, 'May Charts act for you?');
      expect(faults).toEqual([]);
    });

    it('shows whom it is for where the provider began it, and signs nobody in before that is confirmed', async () => {
      saml.person = {
        nameId: `saml-second@${DOMAIN}`,
        attributes: { displayName: ['Second Person'] },
      };
      const { page, faults } = await browser.visit(`${url}/sign-in`, { width: 320 });
      await page.goto(saml.startUrl('https://evil.example'));
      await heading(page, `Sign in as ${saml.person.nameId}?`);
      await page.getByText('Acme SAML sent you here as Second Person').waitFor();
      expect(page.url()).toBe(`${url}/sso`);
      expect(await page.context().cookies(url)).toEqual([]);
      await expectNoBarrier(page);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.waitForURL(`${url}/account`);
      await page.getByText(saml.person.nameId).first().waitFor();
      expect(faults).toEqual([]);
    });

    it('begins by a link of the organization, which a person has to follow', async () => {
      const ada = someone();
      const { page } = await visit(`${url}/sso?provider=${provider}`, ada);
      await heading(page, 'Sign in through your organization');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.waitForURL(`${url}/account`);
    });
  },
);
