import * as openid from 'openid-client';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, PASSWORD, type Person, signUp } from './person.ts';

/** Where the app is called back: nothing listens there, the test looks at the address alone. */
const CALLBACK = 'http://127.0.0.1:1/callback';
const LEFT = 'http://127.0.0.1:1/left';
const MARKUP = '<img src=x onerror=alert(1)>';

describe.skipIf(noBrowser)(`signing in to an app and out of it${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let owner: Person;
  let configuration: openid.Configuration;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
    owner = await signUp(fleet, 'mira');
    const { path } = await foundOrganization(owner);
    const application = {
      name: `Charts ${MARKUP}`,
      grant_types: ['authorization_code'],
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [LEFT],
      scopes: ['read'],
    };
    const app = data(await owner.post(`${path}/oauth-applications`, application), 201);
    const { issuer } = (await fleet.caller().get('/.well-known/openid-configuration')).body;
    const known = { client_secret: app.client_secret, id_token_signed_response_alg: 'ES256' };
    configuration = await openid.discovery(new URL(issuer), app.client_id, known, undefined, {
      execute: [openid.allowInsecureRequests],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  async function open(url: URL, options = {}) {
    const visit = await browser.visit(url.href, options);
    await visit.page.route('http://127.0.0.1:1/**', route =>
      route.fulfill({ body: 'The app', contentType: 'text/plain' }),
    );
    return visit;
  }

  async function authorize(page: Page) {
    await heading(page, `Sign in to go on to Charts ${MARKUP}`);
    await page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading(page, `May Charts ${MARKUP} act for you?`);
  }

  /** Tokens of a sign-in on the page. */
  async function signIn(scope = 'openid profile email offline_access read') {
    const [pkceCodeVerifier, expectedNonce] = [openid.randomPKCECodeVerifier(), openid.randomNonce()];
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: CALLBACK,
      scope,
      nonce: expectedNonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const { page, faults } = await open(url);
    await authorize(page);
    const words = await page.locator('#scopes li').allTextContents();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    await page.waitForURL(`${CALLBACK}**`);
    const secrets = { pkceCodeVerifier, expectedNonce };
    const tokens = await openid.authorizationCodeGrant(configuration, new URL(page.url()), secrets);
    return { tokens, words, faults };
  }

  const leaving = (id_token: string, more: Record<string, string> = {}) =>
    openid.buildEndSessionUrl(configuration, {
      id_token_hint: id_token,
      post_logout_redirect_uri: LEFT,
      state: 'state of the app',
      ...more,
    });

  it('tells in words what the app learns, and asks before anybody is signed out', async () => {
    const { tokens, words, faults } = await signIn();
    expect(words).toEqual([
      'know who you are',
      'see your name and picture',
      'see your email address',
      'see what you can see in the organization',
      'go on when you have signed out',
    ]);
    const { sub } = tokens.claims()!;
    expect(await openid.fetchUserInfo(configuration, tokens.access_token, sub)).toMatchObject({
      email: owner.email,
    });
    const visit = await open(leaving(tokens.id_token!));
    await heading(visit.page, 'Sign out of Rivergate?');
    await visit.page.getByText(`Charts ${MARKUP}`).waitFor();
    expect(visit.page.url()).not.toContain('id_token_hint');
    await visit.page.getByRole('button', { name: 'Stay signed in' }).click();
    await heading(visit.page, 'You are still signed in');
    expect([...faults, ...visit.faults]).toEqual([]);
  });

  it('signs out and leads back to the app, which is signed out of with it', async () => {
    const { tokens } = await signIn('openid');
    const { page, faults } = await open(leaving(tokens.id_token!));
    await heading(page, 'Sign out of Rivergate?');
    await page.getByRole('button', { name: 'Sign out', exact: true }).press('Enter');
    await page.waitForURL(`${LEFT}**`);
    expect(new URL(page.url()).searchParams.get('state')).toBe('state of the app');
    const { sub } = tokens.claims()!;
    await expect(openid.fetchUserInfo(configuration, tokens.access_token, sub)).rejects.toMatchObject({
      status: 401,
    });
    expect(faults).toEqual([]);
  });

  it('leads nowhere else', async () => {
    const { tokens } = await signIn('openid');
    const { page } = await open(leaving(tokens.id_token!, { post_logout_redirect_uri: `${LEFT}/` }));
    await heading(page, 'This sign-out cannot go on');
    await expectNoBarrier(page);
  });

  it('sends somebody straight back where the app may not have anybody asked', async () => {
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: CALLBACK,
      scope: 'openid',
      prompt: 'none',
      code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
      login_hint: owner.email,
    });
    const { page } = await open(new URL('/account', url));
    await page.goto(url.href).catch(() => {});
    await page.waitForURL(`${CALLBACK}**`);
    expect(new URL(page.url()).searchParams.get('error')).toBe('login_required');
  });

  it.each([
    [320, 'dark'],
    [1280, 'light'],
  ] as const)('fits %i pixels in %s, and axe finds no barrier', async (width, colorScheme) => {
    const { tokens } = await signIn('openid');
    const { page } = await open(leaving(tokens.id_token!), { width, colorScheme });
    await heading(page, 'Sign out of Rivergate?');
    await expectNoBarrier(page);
    await page.getByRole('button', { name: 'Sign out', exact: true }).press('Tab');
    await page.keyboard.press('Enter');
    await heading(page, 'You are still signed in');
    await expectNoBarrier(page);
  });
});
