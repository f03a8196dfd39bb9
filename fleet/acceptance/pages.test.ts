import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { inDatabase } from './in-database.ts';
import { data, mailTo, PASSWORD, signUp, uniqueEmail } from './person.ts';

const NEW_PASSWORD = 'Another2horses';

describe.skipIf(noBrowser)(`the pages behind mailed links${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([startFleet(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  const login = (email: string, password: string) =>
    fleet.caller().post('/api/v1/auth/login', { email, password });

  /** The link of the newest mail to the address that has one to this page. */
  async function linkTo(page: string, email: string): Promise<{ url: string; token: string }> {
    const { text } = await mailTo(fleet, email, `/${page}?token=`);
    const url = new RegExp(`http\\S+/${page}\\?token=\\S+`).exec(text)![0];
    return { url, token: new URL(url).searchParams.get('token')! };
  }

  async function unconfirmed() {
    const email = uniqueEmail('fresh');
    const { user_id: id, temporary_token: temporaryToken } = data(
      await fleet.caller().post('/api/v1/auth/signup', { email, password: PASSWORD }),
      201,
    );
    return { id, email, temporaryToken, ...(await linkTo('verify-email', email)) };
  }

  /** Opens the link in the browser that registered: our sign-up, on the page of an invitation, keeps its token there. */
  async function visitWhereRegistered({ url, temporaryToken }: { url: string; temporaryToken: string }) {
    const kept = JSON.stringify({ temporaryToken, until: Date.now() + 60_000 });
    const visit = await browser.visit(`${fleet.url}/verify-email`);
    await visit.page.evaluate(`localStorage.setItem('registration', ${JSON.stringify(kept)})`);
    await visit.page.goto(url);
    return visit;
  }

  describe('verify-email', () => {
    it('confirms the address when the person says so, and not by being opened', async () => {
      const registered = await unconfirmed();
      const { email, url, token } = registered;
      const { page, faults, sent } = await visitWhereRegistered(registered);
      await heading(page, 'Confirm your email address');
      expect(sent.filter(request => request.includes('/api/'))).toEqual([]);
      expect(page.url()).toBe(`${fleet.url}/verify-email`);
      expect(await keptBy(page)).not.toContain(token);

      await page.getByRole('button', { name: 'Confirm my address' }).press('Enter');
      await heading(page, 'Your address is confirmed');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Your address is confirmed');
      await page.getByText(`${email} is yours`).waitFor();
      expect(faults).toEqual([]);
      expect((await login(email, PASSWORD)).body.data.is_verified).toBe(true);

      const again = await browser.visit(url, { width: 390 });
      await again.page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(again.page, 'Already confirmed');
      expect(again.faults).toEqual([]);
    });

    it('keeps no token and leaves no session behind', async () => {
      const registered = await unconfirmed();
      const { page } = await visitWhereRegistered(registered);
      const answered = page.waitForResponse(/verify-email/);
      const left = page.waitForResponse(/logout/);
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      const tokens = (await (await answered).json()).data;
      expect((await left).status()).toBe(204);
      const kept = await keptBy(page);
      expect(tokens.access_token.length).toBeGreaterThan(100);
      for (const secret of [tokens.access_token, tokens.refresh_token, registered.temporaryToken])
        expect(kept).not.toContain(secret);
      const here = fleet.caller(data(await login(registered.email, PASSWORD)).access_token);
      expect(data(await here.get('/api/v1/sessions')).active_count).toBe(1);
    });

    it('lets who opens the link elsewhere take the address over with a password of their own', async () => {
      const { email, url, token } = await unconfirmed();
      const { page, faults } = await browser.visit(url, { width: 390 });
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(page, 'Was it you who registered?');
      await page.getByText(`${email} was registered in another browser or app`).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const claim = page.getByRole('button', { name: 'Set the password and confirm' });
      await claim.click();
      await page.getByText('Enter a new password.').waitFor();
      await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
      await page.getByLabel('Repeat the new password').fill(`${NEW_PASSWORD}!`);
      await claim.click();
      await page.getByText('An account needs your agreement.').waitFor();
      await page.getByLabel('I agree to the terms').check();
      await claim.click();
      await page.getByText('The two passwords differ.').waitFor();
      expect((await login(email, PASSWORD)).body.data.email_verification_required).toBe(true);

      // The login had a newer mail sent, so this link is replaced.
      await page.getByLabel('Repeat the new password').fill(NEW_PASSWORD);
      await claim.click();
      await heading(page, 'This link does not work');
      const newest = await eventually(async () => {
        const link = await linkTo('verify-email', email);
        return link.token !== token && link;
      }, 'the newer mail');
      await page.goto(newest.url);
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(page, 'Was it you who registered?');
      await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
      await page.getByLabel('Repeat the new password').fill(NEW_PASSWORD);
      await page.getByLabel('I agree to the terms').check();
      await page.keyboard.press('Enter');
      await heading(page, 'Your address is confirmed');
      const kept = await keptBy(page);
      for (const secret of [newest.token, NEW_PASSWORD]) expect(kept).not.toContain(secret);
      expect(faults).toEqual([]);
      expect((await login(email, PASSWORD)).status).toBe(401);
      expect((await login(email, NEW_PASSWORD)).body.data.is_verified).toBe(true);
    });

    it('asks for a password too where another registration was made, and where nothing can be stored', async () => {
      const [other, registered] = [await unconfirmed(), await unconfirmed()];
      const foreign = { url: registered.url, temporaryToken: other.temporaryToken };
      const { page, faults } = await visitWhereRegistered(foreign);
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(page, 'Was it you who registered?');
      for (const junk of ['{', 'null', '{"until":1}']) {
        await page.evaluate(`localStorage.setItem('registration', ${JSON.stringify(junk)})`);
        await page.goto(registered.url);
        await page.getByRole('button', { name: 'Confirm my address' }).click();
        await heading(page, 'Was it you who registered?');
      }
      await page.addInitScript(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off') } })",
      );
      await page.goto(registered.url);
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(page, 'Was it you who registered?');
      expect(faults).toEqual([]);
    });

    it('asks for the mail again once it is loaded anew', async () => {
      const { page } = await browser.visit((await unconfirmed()).url);
      await page.reload();
      await heading(page, 'Open the link of the mail again');
    });

    it('says that a link has expired, and how to get a new mail', async () => {
      const { id, url, email } = await unconfirmed();
      await inDatabase(
        fleet,
        `update identity.address_verifications set link_expires_at = now() - interval '1 second' where user_id = $1`,
        id,
      );
      const { page, faults } = await browser.visit(url);
      await page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(page, 'This link has expired');
      await page.getByText('To get a new mail, sign in').waitFor();
      expect(faults).toEqual([]);

      const { temporary_token: temporaryToken } = data(await login(email, PASSWORD));
      const { url: newer } = await eventually(async () => {
        const link = await linkTo('verify-email', email);
        return link.url !== url && link;
      }, 'the new mail');
      const second = await visitWhereRegistered({ url: newer, temporaryToken });
      await second.page.getByRole('button', { name: 'Confirm my address' }).click();
      await heading(second.page, 'Your address is confirmed');
    });

    it.each(['never-was-a-token', '<b>cut</b>', '%00'])('says that %s is no link', async token => {
      const { page, faults } = await browser.visit(`${fleet.url}/verify-email?token=${token}`);
      if (token === 'never-was-a-token') await page.getByRole('button').click();
      await heading(page, 'This link does not work');
      expect(faults).toEqual([]);
    });
  });

  describe('reset-password', () => {
    async function forgetful() {
      const { email } = await signUp(fleet, 'forgetful');
      data(await fleet.caller().post('/api/v1/auth/forgot-password', { email }));
      return { email, ...(await linkTo('reset-password', email)) };
    }

    it('sets the new password, once', async () => {
      const { email, url, token } = await forgetful();
      const { page, faults } = await browser.visit(url, { width: 390 });
      expect(page.url()).toBe(`${fleet.url}/reset-password`);
      await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
      await page.getByLabel('Repeat the new password').fill(NEW_PASSWORD);
      expect(await keptBy(page)).not.toContain(token);
      await page.keyboard.press('Enter');
      await heading(page, 'Your new password is set');
      expect(await keptBy(page)).not.toContain(NEW_PASSWORD);
      expect((await login(email, PASSWORD)).status).toBe(401);
      expect((await login(email, NEW_PASSWORD)).status).toBe(200);

      const again = await browser.visit(url);
      await again.page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
      await again.page.getByLabel('Repeat the new password').fill(NEW_PASSWORD);
      await again.page.getByRole('button', { name: 'Set the new password' }).click();
      await heading(again.page, 'This link does not work any more');
      expect([...faults, ...again.faults]).toEqual([]);
    });

    it('says at the field what is wrong, as the page and as the API see it', async () => {
      const { page, faults, sent } = await browser.visit((await forgetful()).url);
      const first = page.getByLabel('New password', { exact: true });
      const second = page.getByLabel('Repeat the new password');
      const set = page.getByRole('button', { name: 'Set the new password' });
      const complaint = async (field: typeof first) => {
        expect(await field.getAttribute('aria-invalid')).toBe('true');
        expect(await field.and(page.locator(':focus')).count()).toBe(1);
        const [id] = (await field.getAttribute('aria-describedby'))!.split(' ');
        return page.locator(`#${id}`).textContent();
      };
      await set.click();
      expect(await complaint(first)).toBe('Enter a new password.');
      await first.fill('short1');
      await second.fill('short1');
      await set.click();
      expect(await complaint(first)).toMatch(/rules/);
      expect(await page.locator('.rules .met').allTextContents()).toEqual([
        'a small letter (met)',
        'a digit (met)',
      ]);
      await first.fill(NEW_PASSWORD);
      await set.click();
      expect(await complaint(second)).toBe('The two passwords differ.');
      expect(sent.filter(request => request.startsWith('POST'))).toEqual([]);

      await second.fill(NEW_PASSWORD);
      await page.route('**/reset-password', route => {
        const details = [
          { field: 'body.new_password', reason: 'must not be one of the last five' },
          { field: 'body.new_password', reason: 'must not hold your name' },
        ];
        return route.fulfill({
          status: 422,
          json: { success: false, error: { code: 'VALIDATION_ERROR', message: 'Wrong', details } },
        });
      });
      await set.click();
      await page.getByText('This must not be one of the last five and must not hold your name.').waitFor();
      expect(await complaint(first)).toMatch(/last five/);
      expect(faults).toEqual([]);
    });

    it('shows what was typed only when asked to', async () => {
      const { page } = await browser.visit((await forgetful()).url);
      const types = () =>
        Promise.all(['#new-password', '#repeated'].map(id => page.locator(id).getAttribute('type')));
      expect(await types()).toEqual(['password', 'password']);
      await page.getByRole('button', { name: 'Show password' }).click();
      expect(await types()).toEqual(['text', 'text']);
    });

    it('tells a time to wait and a silent server in words', async () => {
      const { page, faults } = await browser.visit((await forgetful()).url);
      for (const label of ['New password', 'Repeat the new password'])
        await page.getByLabel(label, { exact: true }).fill(NEW_PASSWORD);
      const set = page.getByRole('button', { name: 'Set the new password' });
      const error = { code: 'RATE_LIMITED', message: 'Too many requests' };
      await page.route('**/reset-password', route =>
        route.fulfill({ status: 429, headers: { 'retry-after': '821' }, json: { success: false, error } }),
      );
      await set.click();
      await page.getByRole('alert').getByText('Too many tries. Please try again in 14 minutes.').waitFor();
      await page.route('**/reset-password', route => route.abort());
      await set.click();
      await page.getByRole('alert').getByText('The server did not answer.').waitFor();
      expect(faults.filter(fault => !fault.includes('ERR_FAILED'))).toEqual([]);
    });
  });

  describe('not-me', () => {
    it('ends the sign-in that the mail tells of when the person says so, and not by being opened', async () => {
      const { email } = await signUp(fleet, 'watchful');
      const signIn = await fleet
        .caller()
        .post(
          '/api/v1/auth/login',
          { email, password: PASSWORD },
          { headers: { 'user-agent': 'Unheard/1' } },
        );
      const stranger = fleet.caller(data(signIn).access_token);
      const { url, token } = await linkTo('not-me', email);
      const { page, faults, sent } = await browser.visit(url, { width: 320 });
      await heading(page, 'Was this sign-in not yours?');
      expect(sent.filter(request => request.includes('/api/'))).toEqual([]);
      expect(await keptBy(page)).not.toContain(token);
      await expectNoBarrier(page);
      expect((await stranger.get('/api/v1/auth/me')).status).toBe(200);

      await page.getByRole('button', { name: 'End this sign-in' }).press('Enter');
      await heading(page, 'The sign-in has been ended');
      expect((await stranger.get('/api/v1/auth/me')).status).toBe(401);
      await linkTo('reset-password', email);

      const again = await browser.visit(url);
      await again.page.getByRole('button', { name: 'End this sign-in' }).click();
      await heading(again.page, 'This link does not work any more');
      expect([...faults, ...again.faults]).toEqual([]);
    });
  });
});
