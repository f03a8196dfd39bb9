import {
  clientOf,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, signUp } from './person.ts';

/** Where the provider sends the browser: the test leads it to the callback, as a proxy in front of the fleet would. */
const IN_FRONT = 'https://front.example/callback';
const CALLBACK = 'https://app.example/callback';
const ada = { sub: 'ada-elsewhere', email: 'ada@social.example', email_verified: true, name: 'Ada' };

describe.skipIf(noBrowser)(`a sign-in elsewhere, by the page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let elsewhere: IdentityProviderUnderTest;
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let url: string;
  let asked: string;
  beforeAll(async () => {
    elsewhere = await startIdentityProvider({ clients: [clientOf('google', { redirect_uris: [IN_FRONT] })] });
    const env = {
      SOCIAL_GOOGLE_CLIENT_ID: 'rivergate-google',
      SOCIAL_GOOGLE_CLIENT_SECRET: SECRET,
      SOCIAL_GOOGLE_ISSUER: elsewhere.issuer,
      SOCIAL_GOOGLE_REDIRECT_URI: IN_FRONT,
    };
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost', env }), openBrowser()]);
    url = `http://localhost:${new URL(fleet.url).port}`;
    const owner = await signUp(fleet, 'owner');
    const { path } = await foundOrganization(owner);
    const application = {
      name: 'Charts',
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK],
      scopes: ['read'],
    };
    const { client_id } = data(await owner.post(`${path}/oauth-applications`, application), 201);
    const parameters = {
      response_type: 'code',
      client_id,
      redirect_uri: CALLBACK,
      state: 's',
      prompt: 'login',
    };
    asked = `${url}/authorize?${new URLSearchParams(parameters)}`;
    // Makes the person known at the provider.
    const { oauth_url } = data(await fleet.caller().get('/api/v1/auth/oauth/google/url'));
    await elsewhere.signIn(oauth_url, ada);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
    await elsewhere?.stop();
  });

  /** Opens a page as the person; what comes back from the provider is noted, and changed where the test says so. */
  async function visit(address: string, change = (_: URLSearchParams) => {}) {
    const { page, faults } = await browser.visit(address);
    const addresses: string[] = [];
    page.on('request', request => request.isNavigationRequest() && addresses.push(request.url()));
    await page.context().setExtraHTTPHeaders({ 'x-person': ada.sub });
    await page.route(`${IN_FRONT}**`, route => {
      const query = new URL(route.request().url()).searchParams;
      change(query);
      const location = `${url}/api/v1/auth/oauth/google/callback?${query}`;
      return route.fulfill({ status: 302, headers: { location } });
    });
    return { page, faults, addresses };
  }
  const begin = (page: Page) => page.getByRole('button', { name: 'Go on with Google' }).click();

  it('comes back to the app’s request, signed in, with no token in any address', async () => {
    const { page, faults, addresses } = await visit(asked);
    await begin(page);
    await heading(page, 'Charts is not open to you');
    await page.getByText(`You are signed in as ${ada.email}. Only members`).waitFor();
    expect(page.url()).toBe(asked);
    await page.goto(`${url}/account`);
    await page.getByRole('region', { name: 'Connected accounts' }).getByText('Google').waitFor();
    expect(addresses.join()).not.toMatch(/token/);
    expect(await keptBy(page)).not.toMatch(/eyJ|refresh_token/);
    expect(faults).toEqual([]);
  });

  it('signs nobody in by a link that somebody else has begun, or with another state', async () => {
    const { page } = await visit(`${url}/sign-in`, query =>
      query.set('state', `page.${crypto.randomUUID()}`),
    );
    await begin(page);
    await heading(page, 'You are not signed in');
    await page.getByText('This sign-in was not begun in this tab').waitFor();
    expect(page.url()).toBe(`${url}/social`);
    expect(await page.context().cookies(url)).toEqual([]);
    await expectNoBarrier(page);

    // A code of the attacker's own account, in a link to the victim.
    const { oauth_url } = data(
      await fleet.caller().get('/api/v1/auth/oauth/google/url?state=page.attacker1'),
    );
    const theirs = new URLSearchParams(await elsewhere.signIn(oauth_url, ada));
    for (const link of [
      `/api/v1/auth/oauth/google/callback?${theirs}`,
      `/social?provider=google&${theirs}`,
    ]) {
      const victim = await browser.visit(`${url}${link}`);
      await heading(victim.page, 'You are not signed in');
      expect(await victim.page.context().cookies(url)).toEqual([]);
    }
  });

  it('says that somebody turned back, and leads to where they were', async () => {
    const { page } = await visit(asked, query => {
      query.delete('code');
      query.set('error', 'access_denied');
    });
    await begin(page);
    await page.getByText('You turned back there').waitFor();
    await page.getByRole('link', { name: 'Try again' }).click();
    await heading(page, 'Sign in to go on to Charts');
    expect(page.url()).toBe(asked);
  });

  it('sends a form that the provider posts to the page, too, and nothing to another host', async () => {
    const raw = new URLSearchParams({ state: 'page.x', code: '//evil.example', iss: 'https://evil.example' });
    const { status, headers } = await fleet.caller().post('/api/v1/auth/oauth/google/callback', undefined, {
      raw: raw.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://provider.example' },
    });
    const location = new URL(headers.get('location')!);
    expect([status, location.origin, location.pathname]).toEqual([303, url, '/social']);
    expect(location.searchParams.get('code')).toBe('//evil.example');
  });

  it('is offered for the providers that are configured', async () => {
    const { providers } = data(await fleet.caller().get('/api/v1/auth/oauth/providers'));
    expect(providers).toEqual([{ provider: 'google', title: 'Google' }]);
  });
});
