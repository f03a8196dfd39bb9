import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '@rivergate/service-sso/testing/saml-identity-provider';
import { eventually } from '@rivergate/testing';
import {
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, proveDomain, signUp } from './person.ts';

const DOMAIN = 'leaving.test';

describe.skipIf(noBrowser)(
  `signing out here and at the provider, by the page${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let names: NameServer;
    let elsewhere: IdentityProviderUnderTest;
    let saml: SamlIdentityProviderUnderTest;
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let url: string;
    let administrator: Person;
    let openid: number;
    let second: number;
    beforeAll(async () => {
      names = await startNameServer();
      const env = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address, RATE_LIMIT_STANDARD: 'off' };
      [fleet, browser] = await Promise.all([startFleet({ host: 'localhost', env }), openBrowser()]);
      url = `http://localhost:${new URL(fleet.url).port}`;
      const at = `${url}/api/v1/sso/providers/1`;
      elsewhere = await startIdentityProvider({
        clients: [
          {
            client_id: 'rivergate',
            client_secret: SECRET,
            redirect_uris: [`${at}/callback`],
            post_logout_redirect_uris: [`${at}/logout/callback`],
            backchannel_logout_uri: `${at}/logout`,
            backchannel_logout_session_required: true,
          },
        ],
        features: { backchannelLogout: { enabled: true } },
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
      openid = data(await administrator.post('/api/v1/sso/providers', settings), 201).provider.id;
      saml = await startSamlIdentityProvider();
      const other = {
        provider_type: 'saml',
        name: 'Acme SAML',
        metadata_url: saml.metadataUrl,
        domains: [DOMAIN],
      };
      second = data(await administrator.post('/api/v1/sso/providers', other), 201).provider.id;
      saml.register((await fleet.caller().get(`/api/v1/sso/providers/${second}/metadata`)).text);
    });
    afterAll(async () => {
      await browser?.close();
      await elsewhere?.stop();
      await saml?.stop();
      await fleet?.stop();
      await names?.stop();
    });

    let people = 0;
    /** Signs in at a provider in a new browser, and comes to the account. */
    async function signIn(provider: number, options = {}) {
      const name = `ada${++people}`;
      const email = `${name}@${DOMAIN}`;
      saml.person = { nameId: email };
      elsewhere.know({ sub: name, email, name: 'Ada' });
      const { page, faults } = await browser.visit(`${url}/sso?provider=${provider}`, options);
      await page.context().setExtraHTTPHeaders({ 'x-person': name });
      // A font of the provider's page.
      await page.context().route('https://fonts.googleapis.com/**', route => route.fulfill({ body: '' }));
      await page.getByRole('button', { name: 'Continue' }).press('Enter');
      await page.waitForURL(`${url}/account`);
      await page.getByText(email).first().waitFor();
      return { page, faults, email };
    }
    const signOut = (page: Page) =>
      page.getByRole('button', { name: 'Sign out', exact: true }).press('Enter');
    const attempts = async (provider: number) =>
      data(await administrator.get(`/api/v1/sso/providers/${provider}/attempts?kind=logout`)).attempts;
    /** Whether the browser is signed in here still. */
    async function isIn(page: Page): Promise<boolean> {
      const other = await page.context().newPage();
      await other.goto(`${url}/account`);
      await other
        .locator('[data-view="account"]:not([hidden]), [data-view="sign-in"]:not([hidden])')
        .waitFor();
      const shown = await other.locator('[data-view="account"]').isVisible();
      await other.close();
      return shown;
    }

    it('goes by an OpenID provider that others wrote, which signs out and leads back', async () => {
      const { page, faults } = await signIn(openid);
      await signOut(page);
      // That provider asks.
      await page.getByRole('button', { name: 'Yes, sign me out' }).click();
      await heading(page, 'You are signed out');
      await page.getByText('Here, and at your organization.').waitFor();
      expect(page.url()).toBe(`${url}/sso`);
      expect(await isIn(page)).toBe(false);
      // Neither does the provider know anybody any more.
      const cookies = await page.context().cookies(elsewhere.issuer);
      expect(cookies.filter(({ name }) => name === '_session')).toEqual([]);
      // The provider tells all its clients of it, also the one that asked.
      expect(await attempts(openid)).toMatchObject([
        { begun_by: 'provider', outcome: 'succeeded', steps: [{}, { detail: '0' }] },
        { begun_by: 'platform', outcome: 'succeeded' },
      ]);
      expect(faults).toEqual([]);
    });

    it('is begun at that provider, too, and has ended the session here', async () => {
      const { page, email } = await signIn(openid);
      expect(await isIn(page)).toBe(true);
      const there = await page.context().newPage();
      await there.goto(`${elsewhere.issuer}/session/end`);
      await there.getByRole('button', { name: 'Yes, sign me out' }).click();
      await eventually(async () => !(await isIn(page)), 'the session to end');
      const [attempt] = await attempts(openid);
      expect(attempt).toMatchObject({ begun_by: 'provider', outcome: 'succeeded' });
      expect(email).toContain(attempt.received.sub);
    });

    it('goes by a SAML provider, by a redirect or a page that posts by itself', async () => {
      for (const slo_binding of ['redirect', 'post']) {
        const path = `/api/v1/sso/providers/${second}`;
        data(await administrator.put(path, { slo_binding }));
        const { page, faults } = await signIn(second);
        await signOut(page);
        await heading(page, 'You are signed out');
        await page.getByText('Here, and at your organization.').waitFor();
        expect(page.url()).toBe(`${url}/sso`);
        expect(saml.asked.at(-1)!.name).toBe('LogoutRequest');
        expect(await isIn(page)).toBe(false);
        expect(faults).toEqual([]);
      }
    });

    it.each([
      [360, 'dark'],
      [1280, 'light'],
    ] as const)(
      'says it at %i pixels in %s where that is not everywhere, and axe finds no barrier',
      async (width, colorScheme) => {
        saml.behaviour.loggedOut = 'partly';
        const { page } = await signIn(second, { width, colorScheme });
        await signOut(page);
        await heading(page, 'You are signed out');
        await page.getByText('Your organization could not sign you out everywhere').waitFor();
        await expectNoBarrier(page);
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.waitForURL(`${url}/sign-in`);
        saml.behaviour.loggedOut = 'done';
      },
    );

    it('has nobody who is signed in believe that they are not, nor the other way round, by a link', async () => {
      const { page, email } = await signIn(openid, { width: 360 });
      await page.goto(`${url}/sso?signed_out=everywhere`);
      await heading(page, 'You are still signed in');
      await page.getByText(email).waitFor();
      await expectNoBarrier(page);
      await page.goto(`${url}/api/v1/sso/providers/${second}/slo?SAMLRequest=x`);
      await heading(page, 'This sign-out cannot go on');
      expect(page.url()).toBe(`${url}/sso`);
      await expectNoBarrier(page);
      expect(await isIn(page)).toBe(true);
    });

    it('signs out here though the service that knows the providers is down', async () => {
      const { page } = await signIn(openid);
      await fleet.stopService('sso');
      await signOut(page);
      await page.getByText('You have signed out.').waitFor();
      expect(await isIn(page)).toBe(false);
      await fleet.startService('sso');
    });
  },
);
