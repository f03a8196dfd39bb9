import { createHash, randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { codeSentTo, data, foundOrganization, PASSWORD, type Person, signUp, uniqueEmail } from './person.ts';
import { totpCode } from './totp.ts';
import { addAuthenticator } from './virtual-authenticator.ts';

/** Where the app is called back: nothing listens there, the test looks at the address alone. */
const CALLBACK = 'http://127.0.0.1:1/callback';
const MARKUP = '<img src=x onerror=alert(1)>';

describe.skipIf(noBrowser)(
  `the page where an app has somebody sign in${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let owner: Person;
    let app: { client_id: string; client_secret: string };
    /** The page, as apps find it (RFC 8414). */
    let endpoint: string;
    let issuer: string;
    let organization: Awaited<ReturnType<typeof foundOrganization>>;
    beforeAll(async () => {
      [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
      owner = await signUp(fleet, 'mira');
      organization = await foundOrganization(owner, `Acme & <b>Söhne</b> ${uniqueEmail().slice(7, 13)}`);
      const application = {
        name: `Charts ${MARKUP}`,
        grant_types: ['authorization_code'],
        redirect_uris: [CALLBACK],
        scopes: ['read', 'write'],
      };
      app = data(await owner.post(`${organization.path}/oauth-applications`, application), 201);
      const metadata = await fleet.caller().get('/.well-known/oauth-authorization-server');
      ({ issuer, authorization_endpoint: endpoint } = metadata.body);
    });
    afterAll(async () => {
      await browser?.close();
      await fleet?.stop();
    });

    const verifier = randomBytes(32).toString('base64url');
    const asked = (more: Record<string, string> = {}) =>
      `${endpoint}?${new URLSearchParams({
        response_type: 'code',
        client_id: app.client_id,
        redirect_uri: CALLBACK,
        scope: 'read',
        state: 'state of the app',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...more,
      })}`;

    /** Opens the page, and answers at the place where the app is called back. */
    async function open(url = asked(), options = {}) {
      const visit = await browser.visit(url, options);
      await visit.page.route(`${CALLBACK}**`, route =>
        route.fulfill({ body: 'The app', contentType: 'text/plain' }),
      );
      return visit;
    }

    async function signIn(page: Page, email: string, password = PASSWORD) {
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(email);
      await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    }

    async function calledBack(page: Page) {
      await page.waitForURL(`${CALLBACK}**`);
      return Object.fromEntries(new URL(page.url()).searchParams);
    }

    const exchange = (code: string) =>
      fleet.caller().post('/oauth/token', undefined, {
        raw: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          redirect_uri: CALLBACK,
          code_verifier: verifier,
          client_id: app.client_id,
          client_secret: app.client_secret,
        }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });

    it('takes somebody from the app through sign-in and consent back to it, and keeps no token', async () => {
      const { page, faults } = await open();
      await heading(page, `Sign in to go on to Charts ${MARKUP}`);
      await signIn(page, owner.email);
      await heading(page, `May Charts ${MARKUP} act for you?`);
      expect(await page.locator('#scopes li').allTextContents()).toEqual([
        'see what you can see in the organization',
      ]);
      await page.getByText('http://127.0.0.1:1').waitFor();
      expect(await keptBy(page)).not.toContain(PASSWORD);
      await page.getByRole('button', { name: 'Allow', exact: true }).press('Enter');
      const { code, state, iss } = await calledBack(page);
      expect([state, iss]).toEqual(['state of the app', issuer]);

      const tokens = (await exchange(code!)).body;
      expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'read' });
      const { members } = data(await fleet.caller(tokens.access_token).get(`${organization.path}/members`));
      expect(members).toMatchObject([{ email: owner.email }]);
      expect(faults).toEqual([]);
    });

    it('tells the app when somebody does not allow it', async () => {
      const { page } = await open();
      await signIn(page, owner.email);
      await page.getByRole('button', { name: 'Do not allow' }).click();
      expect(await calledBack(page)).toEqual({
        error: 'access_denied',
        state: 'state of the app',
        iss: issuer,
      });
    });

    it('lets no member of another organization through, and says so', async () => {
      const stranger = await signUp(fleet, 'stranger');
      const { page } = await open();
      await signIn(page, stranger.email);
      await heading(page, `Charts ${MARKUP} is not open to you`);
      await page.getByText('Ask its administrator to invite you.').waitFor();
      await page.getByRole('button', { name: 'Use another account' }).click();
      await heading(page, `Sign in to go on to Charts ${MARKUP}`);
      await signIn(page, owner.email);
      await heading(page, `May Charts ${MARKUP} act for you?`);

      const again = await open();
      await signIn(again.page, stranger.email);
      await again.page.getByRole('button', { name: 'Go back to the app' }).click();
      expect(await calledBack(again.page)).toEqual({
        error: 'access_denied',
        state: 'state of the app',
        iss: issuer,
      });
    });

    it.each([
      ['an unknown app', { client_id: '00000000-0000-4000-8000-000000000000' }, 'not registered here'],
      ['an address that is not registered', { redirect_uri: `${CALLBACK}/elsewhere` }, 'Do not go on.'],
      ['more than the app may have', { scope: 'admin' }, 'asks for more than it may have'],
      ['another kind of answer', { response_type: 'token' }, 'did not say what it needs'],
    ])('goes nowhere for %s', async (_, more, words) => {
      const { page } = await browser.visit(asked(more));
      await heading(page, 'This sign-in cannot go on');
      await page.getByText(words).waitFor();
      expect(page.url()).toContain('/authorize');
    });

    it('asks for the second factor: the code of an app, else of a mail, else a backup code', async () => {
      const guarded = await signUp(fleet, 'guarded');
      const { secret } = data(await guarded.post('/api/v1/mfa/totp/setup', { device_name: 'Phone' }));
      data(await guarded.post('/api/v1/mfa/totp/verify', { code: totpCode(secret) }));
      data(await guarded.post('/api/v1/mfa/email-otp/setup'));
      const code = await codeSentTo(fleet, guarded.email, 'a code by mail');
      const [backupCode] = data(await guarded.post('/api/v1/mfa/email-otp/verify', { code })).backup_codes;

      const { page, faults } = await open();
      await signIn(page, guarded.email);
      const field = page.getByLabel('Code of your authenticator app');
      await field.fill('000000');
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('This is not the code, or it was used before.').waitFor();
      await page.getByRole('button', { name: 'Mail me a code' }).click();
      await page.getByLabel('Code that was mailed to you').waitFor();
      await page.getByRole('button', { name: 'Use a backup code' }).click();
      await page.getByLabel('Backup code').fill(backupCode);
      await page.getByLabel('Do not ask again on this device for 30 days').check();
      await page.getByRole('button', { name: 'Go on' }).click();
      await heading(page, `Charts ${MARKUP} is not open to you`);
      expect(faults).toEqual([]);
      const devices = data(await guarded.get('/api/v1/devices'));
      expect(devices.total_count).toBe(1);
    });

    it('signs in with a passkey', async () => {
      const { page, faults } = await open();
      await addAuthenticator(page);
      await enrol(page, owner.tokens.access_token);
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(owner.email);
      await page.getByRole('button', { name: 'Use a passkey' }).click();
      await heading(page, `May Charts ${MARKUP} act for you?`);
      expect(faults).toEqual([]);
    });

    it.each([
      [320, 'dark'],
      [1280, 'light'],
    ] as const)(
      'fits %i pixels in %s, and axe finds no barrier in any of its views',
      async (width, colorScheme) => {
        const stranger = await signUp(fleet, 'stranger');
        const { page } = await open(asked({ scope: 'read write' }), { width, colorScheme });
        await heading(page, `Sign in to go on to Charts ${MARKUP}`);
        await expectNoBarrier(page);
        for (const way of ['I am new here', 'I have an account', 'Forgot password?', 'Back to signing in']) {
          await page.getByRole('button', { name: way }).click();
          await expectNoBarrier(page);
        }
        await signIn(page, stranger.email);
        await heading(page, `Charts ${MARKUP} is not open to you`);
        await expectNoBarrier(page);
        await page.getByRole('button', { name: 'Use another account' }).click();
        await signIn(page, owner.email);
        await heading(page, `May Charts ${MARKUP} act for you?`);
        await expectNoBarrier(page);
        await page.goto(new URL('/sign-up', endpoint).href);
        await heading(page, 'Your account here');
        await expectNoBarrier(page);
      },
    );
  },
);

/** Makes a passkey for the user of the access token, as a page of the platform does. */
async function enrol(page: Page, accessToken: string): Promise<void> {
  await page.evaluate(
    `(async () => {
      const ask = async (path, body) => {
        const headers = { 'content-type': 'application/json', authorization: 'Bearer ${accessToken}' };
        const answer = await fetch('/api/v1/webauthn/register/' + path, { method: 'POST', headers, body: JSON.stringify(body) });
        return (await answer.json()).data;
      };
      const device_name = 'Laptop';
      const options = await ask('start', { device_name });
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
      const credential = await navigator.credentials.create({ publicKey });
      await ask('complete', { credential: credential.toJSON(), device_name });
    })()`,
  );
}
