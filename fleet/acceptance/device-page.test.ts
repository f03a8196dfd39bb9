import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, PASSWORD, type Person, signUp, uniqueEmail } from './person.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const MARKUP = '<img src=x onerror=alert(1)>';

describe.skipIf(noBrowser)(
  `the page where a device is connected${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let owner: Person;
    let credentials: { client_id: string; client_secret: string };
    beforeAll(async () => {
      [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
      owner = await signUp(fleet, 'mira');
      const organization = await foundOrganization(
        owner,
        `Acme & <b>Söhne</b> ${uniqueEmail().slice(7, 13)}`,
      );
      const application = {
        name: `Charts ${MARKUP}`,
        grant_types: [DEVICE_CODE],
        redirect_uris: [],
        scopes: ['read', 'write'],
      };
      const { client_id, client_secret } = data(
        await owner.post(`${organization.path}/oauth-applications`, application),
        201,
      );
      credentials = { client_id, client_secret };
    });
    afterAll(async () => {
      await browser?.close();
      await fleet?.stop();
    });

    const send = (path: string, fields: Record<string, string>) =>
      fleet.caller().post(path, undefined, {
        raw: new URLSearchParams({ ...credentials, ...fields }).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': `Terminal ${MARKUP}`,
        },
      });
    const begin = async () => (await send('/oauth/device_authorization', { scope: 'read' })).body;
    const poll = async ({ device_code }: { device_code: string }) =>
      (await send('/oauth/token', { grant_type: DEVICE_CODE, device_code })).body;

    async function signIn(page: Awaited<ReturnType<Browser['visit']>>['page'], { email }: Person) {
      await heading(page, 'Sign in to connect a device');
      await page.getByLabel('Email', { exact: true }).fill(email);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    }
    const question = 'Does your device show this code?';
    const match = /^My own device shows exactly this code/;

    it('takes a code that is typed, shows what asks and whence, and keeps no session', async () => {
      const codes = await begin();
      const { page, faults } = await browser.visit(codes.verification_uri);
      await signIn(page, owner);
      await heading(page, 'Enter the code that your device shows');
      const field = page.getByLabel('Code of 8 letters');
      await field.fill('BBBB-BBBB');
      await field.press('Enter');
      await page.getByText('No device waits with this code.').waitFor();
      await field.fill(codes.user_code.toLowerCase().replace('-', ' '));
      await field.press('Enter');
      await heading(page, question);
      const shown = await page.locator('[data-view="request"]').textContent();
      for (const words of [
        codes.user_code,
        `Charts ${MARKUP}`,
        'see what you can see in the organization',
        'in another network than yours',
        `Terminal ${MARKUP}`,
        'Did somebody send you the code or a link to this page?',
      ])
        expect(shown).toContain(words);
      expect(shown).not.toContain('create, change');

      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.getByText('Compare the code with the one on your device.').waitFor();
      expect((await poll(codes)).error).toBe('authorization_pending');
      await page.getByRole('checkbox', { name: match }).check();
      const left = page.waitForResponse(/logout/);
      await page.getByRole('button', { name: 'Allow', exact: true }).press('Enter');
      await heading(page, 'Your device is connected');
      expect((await left).status()).toBe(204);
      expect(faults).toEqual([]);
    });

    it('approves nothing by a link that brings the code, which leaves the address', async () => {
      const codes = await begin();
      const { page, sent } = await browser.visit(codes.verification_uri_complete);
      expect(page.url()).not.toContain(codes.user_code);
      await signIn(page, owner);
      await heading(page, question);
      await page.getByText(codes.user_code, { exact: true }).waitFor();
      expect(sent).not.toContain('POST /api/v1/oauth/device/answer');
      expect(await keptBy(page)).not.toContain(PASSWORD);
      expect((await poll(codes)).error).toBe('authorization_pending');
      await page.getByRole('button', { name: 'Do not allow' }).click();
      await heading(page, 'Not allowed');
    });

    it('spares who is signed in in this browser the sign-in, and nothing else, by a link least of all', async () => {
      const codes = await begin();
      const { page, sent, faults } = await browser.visit(new URL('/account', codes.verification_uri).href);
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
      await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await heading(page, 'Your account');
      await page.goto(codes.verification_uri_complete);
      await heading(page, 'Enter the code that your device shows');
      await page.getByText(`You are signed in as ${owner.email}.`).first().waitFor();
      expect(await page.getByLabel('Code of 8 letters').inputValue()).toBe(codes.user_code);
      expect(sent.filter(request => request.includes('/oauth/device'))).toEqual([]);
      await page.getByRole('button', { name: 'Go on' }).press('Enter');
      await heading(page, question);
      await expectNoBarrier(page);
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.getByText('Compare the code with the one on your device.').waitFor();
      expect((await poll(codes)).error).toBe('authorization_pending');
      await page.getByRole('checkbox', { name: match }).check();
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await heading(page, 'Your device is connected');

      // The session that the browser keeps goes on, unless its user signs in here as somebody else.
      await page.goto(codes.verification_uri);
      await page.getByRole('button', { name: 'Use another account' }).click();
      await heading(page, 'Sign in to connect a device');
      expect(sent).not.toContain('POST /api/v1/auth/logout');
      expect(faults).toEqual([]);
    });

    it('lets no member of another organization allow it, and says so', async () => {
      const stranger = await signUp(fleet, 'stranger');
      const { page } = await browser.visit((await begin()).verification_uri_complete);
      await signIn(page, stranger);
      await page.getByRole('checkbox', { name: match }).check();
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.getByRole('alert').getByText('Only members of the organization can use this app.').waitFor();
    });

    it.each([
      [320, 'dark'],
      [1280, 'light'],
    ] as const)(
      'fits %i pixels in %s, and axe finds no barrier in any of its views',
      async (width, colorScheme) => {
        const { verification_uri, user_code } = await begin();
        const { page } = await browser.visit(verification_uri, { width, colorScheme });
        await expectNoBarrier(page);
        await signIn(page, owner);
        await heading(page, 'Enter the code that your device shows');
        await expectNoBarrier(page);
        await page.getByLabel('Code of 8 letters').fill(user_code);
        await page.getByRole('button', { name: 'Go on' }).click();
        await heading(page, question);
        await expectNoBarrier(page);
        await page.getByRole('checkbox', { name: match }).press('Space');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await heading(page, 'Your device is connected');
        await expectNoBarrier(page);
      },
    );
  },
);
