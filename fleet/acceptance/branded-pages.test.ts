import { eventually, pngOf } from '@rivergate/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, mailTo, PASSWORD, type Person, signUp, uniqueEmail } from './person.ts';

/** Where the app is called back: nothing listens there. */
const CALLBACK = 'http://127.0.0.1:1/callback';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** Unreadable as it is on a light page, and as text on a button. */
const PALE = '#ffe14d';

describe.skipIf(noBrowser)(`pages of an organization${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let url: string;
  let owner: Person;
  let acme: Awaited<ReturnType<typeof brandedOrganization>>;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
    url = `http://localhost:${new URL(fleet.url).port}`;
    owner = await signUp(fleet, 'mira');
    acme = await brandedOrganization(`Acme & <b>Söhne</b> ${uniqueEmail().slice(7, 13)}`);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  async function brandedOrganization(name: string) {
    const organization = await foundOrganization(owner, name);
    data(await owner.put(`${organization.path}/branding`, { accent_color: PALE }));
    const logo = {
      raw: new Uint8Array(pngOf({ width: 96, height: 64 })),
      headers: { 'content-type': 'image/png' },
    };
    const { branding } = data(await owner.put(`${organization.path}/branding/logo`, undefined, logo));
    const app = await application(organization.path);
    await eventually(
      async () => data(await info(app)).branding?.logo_url === branding.logo_url,
      'the branding',
    );
    return { ...organization, app, logo: new URL(branding.logo_url).pathname };
  }

  async function application(path: string) {
    const wanted = {
      name: `Charts ${uniqueEmail()}`,
      grant_types: ['authorization_code', DEVICE_CODE],
      redirect_uris: [CALLBACK],
      scopes: ['read'],
    };
    const { client_id, client_secret } = data(await owner.post(`${path}/oauth-applications`, wanted), 201);
    return { name: wanted.name, client_id, client_secret };
  }
  type App = Awaited<ReturnType<typeof application>>;

  const asked = ({ client_id }: App, more: Record<string, string> = {}) =>
    String(new URLSearchParams({ response_type: 'code', client_id, redirect_uri: CALLBACK, ...more }));
  const info = (app: App) => fleet.caller().get(`/api/v1/oauth/app-info?${asked(app)}`);

  async function signIn(page: Page, { email } = owner) {
    await page.getByRole('textbox', { name: 'Email', exact: true }).fill(email);
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  const brand = (page: Page) => page.locator('#organization');

  /** The page shows the organization by name, logo and colour, and where it really is. */
  async function expectBranded(page: Page) {
    await brand(page).getByText(acme.name, { exact: true }).waitFor();
    await page.getByText(`An organization on Rivergate · ${new URL(url).host}`, { exact: true }).waitFor();
    const logo = brand(page).locator('img');
    expect(await logo.getAttribute('src')).toBe(acme.logo);
    const shown = "document.querySelector('#organization img')?.naturalWidth";
    await eventually(async () => (await page.evaluate(shown)) === 96, 'the logo');
    expect(await accentOf(page)).not.toBe('#0b7a75');
  }

  const accentOf = (page: Page) =>
    page.evaluate<string>("getComputedStyle(document.documentElement).getPropertyValue('--accent')");

  async function expectUnbranded(page: Page) {
    expect(await brand(page).isVisible()).toBe(false);
    await page.getByText('Rivergate', { exact: true }).first().waitFor();
    expect(await accentOf(page)).toBe('#0b7a75');
  }

  it.each([
    [320, 'dark', PALE],
    [1280, 'light', '#a8942f'],
  ] as const)(
    'are the one where an app has somebody sign in, and the invitation, at %i pixels in %s, and axe finds no barrier',
    async (width, colorScheme, accent) => {
      const { page, faults } = await browser.visit(`${url}/authorize?${asked(acme.app)}`, {
        width,
        colorScheme,
      });
      await heading(page, `Sign in to go on to ${acme.app.name}`);
      await expectBranded(page);
      expect(await accentOf(page)).toBe(accent);
      await expectNoBarrier(page);
      await page.getByRole('button', { name: 'I am new here' }).click();
      await expectNoBarrier(page);
      await page.getByRole('button', { name: 'I have an account' }).click();
      await signIn(page);
      await heading(page, `May ${acme.app.name} act for you?`);
      await expectBranded(page);
      await expectNoBarrier(page);

      const guest = uniqueEmail('guest');
      const wanted = { email: guest, workspace_id: acme.workspaceId, role_id: acme.roleId('Viewer') };
      const { invitation } = data(await owner.post(`${acme.path}/members/invite`, wanted), 201);
      const invited = await browser.visit(`${url}/invitations/${invitation.token}`, { width, colorScheme });
      await heading(invited.page, `Join ${acme.name}`);
      await expectBranded(invited.page);
      expect(await invited.page.locator('main b, main script').count()).toBe(0);
      await expectNoBarrier(invited.page);
      expect([...faults, ...invited.faults]).toEqual([]);
    },
  );

  it('are not those of another organization', async () => {
    const other = await foundOrganization(owner);
    const app = await application(other.path);
    const { page } = await browser.visit(`${url}/authorize?${asked(app)}`);
    await heading(page, `Sign in to go on to ${app.name}`);
    await expectUnbranded(page);
    const lured = `${asked(app)}&branding=${acme.logo}&accent_color=${encodeURIComponent(PALE)}`;
    await page.goto(`${url}/authorize?${lured}`);
    await heading(page, `Sign in to go on to ${app.name}`);
    await expectUnbranded(page);
  });

  it('begin with making an account where the app wants that, with the address filled in', async () => {
    const more = { prompt: 'create', login_hint: 'new@example.com' };
    const { page } = await browser.visit(`${url}/authorize?${asked(acme.app, more)}`);
    await page.getByRole('button', { name: 'Create my account' }).waitFor();
    const email = page.getByRole('textbox', { name: 'Email', exact: true });
    expect(await email.inputValue()).toBe('new@example.com');
    await expectBranded(page);
  });

  it('are where a password is set that was forgotten on the way to its app, and where its app signs out', async () => {
    const { email } = await signUp(fleet, 'forgetful');
    const { page, faults } = await browser.visit(`${url}/authorize?${asked(acme.app)}`);
    await page.getByRole('button', { name: 'Forgot password?' }).click();
    await page.getByRole('textbox', { name: 'Email', exact: true }).fill(email);
    await page.getByRole('button', { name: 'Mail me the link' }).click();
    const { text } = await mailTo(fleet, email, '/reset-password?token=');
    await page.getByRole('status').getByText('If this address belongs to an account').waitFor();
    await page.goto(/http\S+\/reset-password\?token=\S+/.exec(text)![0]);
    await heading(page, 'Set a new password');
    await expectBranded(page);

    await page.goto(`${url}/end-session?client_id=${acme.app.client_id}`);
    await heading(page, 'You are signed out');
    await expectBranded(page);
    expect(faults).toEqual([]);
  });

  it('are the account page while somebody works in it, and the one that connects a device to its app', async () => {
    const { page, faults } = await browser.visit(`${url}/account`, { width: 320 });
    await signIn(page);
    await heading(page, 'Your account');
    await page.getByRole('button', { name: `Switch to ${acme.name}` }).click();
    await page.getByText(`You are working in ${acme.name} now.`).waitFor();
    await expectBranded(page);
    await page.getByRole('button', { name: /^Switch to mira/ }).click();
    await page.getByText(/You are working in mira.* now\./).waitFor();
    await eventually(async () => !(await brand(page).isVisible()), 'the page without it');
    await expectUnbranded(page);

    const raw = new URLSearchParams({ client_id: acme.app.client_id, client_secret: acme.app.client_secret });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const codes = await fleet
      .caller()
      .post('/oauth/device_authorization', undefined, { raw: String(raw), headers });
    await page.goto(codes.body.verification_uri_complete);
    await heading(page, 'Enter the code that your device shows');
    await expectUnbranded(page);
    await page.getByRole('button', { name: 'Go on' }).click();
    await heading(page, 'Does your device show this code?');
    await expectBranded(page);
    expect(faults).toEqual([]);
  });
});
