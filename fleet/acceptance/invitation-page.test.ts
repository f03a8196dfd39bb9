import { eventually } from '@rivergate/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { inDatabase } from './in-database.ts';
import {
  codeSentTo,
  data,
  foundOrganization,
  logIn,
  mailTo,
  PASSWORD,
  type Person,
  signUp,
  uniqueEmail,
} from './person.ts';
import { totpCode } from './totp.ts';

const MARKUP = '<img src=x onerror=alert(1)>';

describe.skipIf(noBrowser)(`the page of an invitation${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let owner: Person;
  let organization: Awaited<ReturnType<typeof foundOrganization>>;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([startFleet(), openBrowser()]);
    owner = await signUp(fleet, 'mira', `Mira ${MARKUP}`);
    organization = await foundOrganization(owner, `Acme & <b>Söhne</b> ${uniqueEmail().slice(7, 13)}`);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  async function invite(email: string, message?: string) {
    const body = {
      email,
      message,
      workspace_id: organization.workspaceId,
      role_id: organization.roleId('Viewer'),
    };
    const { invitation } = data(await owner.post(`${organization.path}/members/invite`, body), 201);
    return { ...invitation, url: `${fleet.url}/invitations/${invitation.token}` } as {
      id: number;
      token: string;
      url: string;
    };
  }

  async function members(): Promise<{ email: string; role: string }[]> {
    return data(await owner.get(`${organization.path}/members`)).members;
  }

  async function fillIn(page: Page, form: string, fields: Record<string, string>) {
    for (const [label, value] of Object.entries(fields))
      await page.locator(form).getByLabel(label, { exact: true }).fill(value);
  }

  const signIn = async (page: Page, email: string, password = PASSWORD) => {
    await fillIn(page, '#sign-in', { Email: email, Password: password });
    await page.getByRole('button', { name: 'Sign in and accept' }).click();
  };

  it('shows what it is about, and what others wrote as nothing but text', async () => {
    const email = uniqueEmail('guest');
    const message = `Come!\n<script>alert(2)</script> ${MARKUP}`;
    const { url, token } = await invite(email, message);
    const { page, faults } = await browser.visit(url);
    await heading(page, `Join ${organization.name}`);
    expect(page.url()).toBe(`${fleet.url}/invitations`);
    expect(await keptBy(page)).not.toContain(token);
    expect(await page.locator('blockquote').textContent()).toBe(message);
    const shown = await page.locator('[data-view="invitation"]').textContent();
    for (const text of [
      `Mira ${MARKUP}`,
      organization.name,
      'Viewer',
      email,
      String(new Date().getFullYear()),
    ])
      expect(shown).toContain(text);
    expect(await page.locator('main img, main b, main script').count()).toBe(0);
    expect(await page.locator('#sign-in-email').inputValue()).toBe(email);
    expect(faults).toEqual([]);

    await page.reload();
    await heading(page, 'Open the link of the mail again');
  });

  it('takes somebody new from the mail to membership, and signs them out', async () => {
    const email = uniqueEmail('new');
    const { url } = await invite(email);
    const { page, faults } = await browser.visit(url, { width: 390 });
    await page.getByRole('button', { name: 'I am new here' }).click();
    await fillIn(page, '#sign-up', { 'Your name': `New ${MARKUP}`, 'New password': PASSWORD });
    await page.getByRole('button', { name: 'Create my account' }).click();
    await page.getByText('An account needs your agreement.').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.getByLabel('I agree to the terms').check();
    await page.getByRole('button', { name: 'Create my account' }).click();
    const code = page.getByLabel('Code of 6 digits');
    await code.waitFor();
    expect(await code.and(page.locator(':focus')).count()).toBe(1);
    const right = await codeSentTo(fleet, email);
    await code.fill(right === '123456' ? '123457' : '123456');
    await page.keyboard.press('Enter');
    await page.getByText('This is not the code.').waitFor();
    await code.fill(right);
    const answered = page.waitForResponse(/verify-otp/);
    await page.keyboard.press('Enter');
    const tokens = (await (await answered).json()).data;
    await heading(page, `Welcome to ${organization.name}`);
    await page.getByText('This page has signed you out again.').waitFor();
    const kept = await keptBy(page);
    for (const secret of [tokens.access_token, tokens.refresh_token, PASSWORD])
      expect(kept).not.toContain(secret);
    expect(faults).toEqual([]);

    expect(await members()).toContainEqual(expect.objectContaining({ email }));
    expect((await fleet.caller(tokens.access_token).get('/api/v1/auth/me')).status).toBe(401);

    const again = await browser.visit(url);
    await heading(again.page, 'Already accepted');
  });

  it('keeps what the mailed link needs where somebody registered, and no longer than that', async () => {
    const email = uniqueEmail('linked');
    const { url } = await invite(email);
    const { page, faults } = await browser.visit(url);
    await page.getByRole('button', { name: 'I am new here' }).click();
    await fillIn(page, '#sign-up', { 'Your name': 'Linked', 'New password': PASSWORD });
    await page.getByLabel('I agree to the terms').check();
    await page.getByRole('button', { name: 'Create my account' }).click();
    await page.getByLabel('Code of 6 digits').waitFor();
    const { text } = await mailTo(fleet, email, '/verify-email?token=');
    const other = await page.context().newPage();
    await other.goto(/http\S+\/verify-email\?token=\S+/.exec(text)![0]);
    await other.getByRole('button', { name: 'Confirm my address' }).click();
    await heading(other, 'Your address is confirmed');
    expect(await other.evaluate('localStorage.length')).toBe(0);

    // Back on the first page the code is spent: the account that was made there accepts by its password.
    await page.getByLabel('Code of 6 digits').fill(await codeSentTo(fleet, email));
    await page.getByRole('button', { name: 'Confirm and go on' }).click();
    await page.getByRole('alert').getByText('This code does not count any more.').waitFor();
    await signIn(page, email);
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('sends another code, after which the first does not count', async () => {
    const email = uniqueEmail('another');
    const { url } = await invite(email);
    const { page, faults } = await browser.visit(url);
    await page.getByRole('button', { name: 'I am new here' }).click();
    await fillIn(page, '#sign-up', { 'Your name': 'Another', 'New password': PASSWORD });
    await page.getByLabel('I agree to the terms').check();
    await page.getByRole('button', { name: 'Create my account' }).click();
    const first = await codeSentTo(fleet, email);
    await page.getByRole('button', { name: 'send a new code' }).click();
    await page.getByText('A new code is on its way.').waitFor();
    const second = await mailedAfter(email, first);
    await page.getByLabel('Code of 6 digits').fill(second);
    await page.getByRole('button', { name: 'Confirm and go on' }).click();
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('takes somebody with an account by password, also after a wrong one', async () => {
    const guest = await signUp(fleet, 'known');
    const { url } = await invite(guest.email);
    const { page, faults } = await browser.visit(url);
    await signIn(page, guest.email, 'Wrong1password');
    await page.getByRole('alert').getByText('Email or password is wrong.').waitFor();
    await signIn(page, guest.email);
    await heading(page, `Welcome to ${organization.name}`);
    expect(await members()).toContainEqual(expect.objectContaining({ email: guest.email }));
    const here = await logIn(fleet, guest);
    // The one of signing up, and this one: that of the page is over.
    expect(data(await here.get('/api/v1/sessions')).active_count).toBe(2);

    expect(faults).toEqual([]);
  });

  it('asks an account that is not confirmed yet for its code', async () => {
    const email = uniqueEmail('unconfirmed');
    data(await fleet.caller().post('/api/v1/auth/signup', { email, password: PASSWORD }), 201);
    const first = await codeSentTo(fleet, email);
    const { page, faults } = await browser.visit((await invite(email)).url);
    await signIn(page, email);
    await page.getByLabel('Code of 6 digits').waitFor();
    await page.getByLabel('Code of 6 digits').fill(await mailedAfter(email, first));
    await page.getByRole('button', { name: 'Confirm and go on' }).click();
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('says when the account is not the invited one, and lets the right one try', async () => {
    const [wrong, right] = [await signUp(fleet, 'wrong'), await signUp(fleet, 'right')];
    const { page, faults } = await browser.visit((await invite(right.email)).url);
    await signIn(page, wrong.email);
    await page.getByRole('alert').getByText(`Sign in with ${right.email}`).waitFor();
    expect(data(await (await logIn(fleet, wrong)).get('/api/v1/sessions')).active_count).toBe(2);
    await signIn(page, right.email);
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('asks for the second factor of who has one', async () => {
    const guest = await signUp(fleet, 'guarded');
    const { secret } = data(await guest.post('/api/v1/mfa/totp/setup', { device_name: 'Phone' }));
    const confirmed = await guest.post('/api/v1/mfa/totp/verify', { code: totpCode(secret) });
    const [backupCode] = data(confirmed).backup_codes;
    const { page, faults } = await browser.visit((await invite(guest.email)).url);
    await signIn(page, guest.email);
    await page.getByLabel('Code of your authenticator app').waitFor();
    await page.getByRole('button', { name: 'Use a backup code' }).click();
    await page.getByLabel('Backup code').fill(backupCode);
    await page.getByRole('button', { name: 'Go on' }).click();
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('says how long to wait', async () => {
    const guest = await signUp(fleet, 'impatient');
    const { page, faults } = await browser.visit((await invite(guest.email)).url);
    const alert = page.locator('#sign-in').getByRole('alert');
    for (let tries = 0; tries < 5; tries += 1) {
      const answered = page.waitForResponse(/login/);
      await signIn(page, guest.email, 'Wrong1password');
      await (await answered).finished();
      await page.getByRole('button', { name: 'Sign in and accept', disabled: false }).waitFor();
    }
    await signIn(page, guest.email);
    await alert.getByText(/Too many tries\. Please try again in 1[45] minutes\./).waitFor();
    expect(faults).toEqual([]);
  });

  it('leads whose address is taken to signing in, and shows at the field what a password lacks', async () => {
    const guest = await signUp(fleet, 'taken');
    const { page, faults } = await browser.visit((await invite(guest.email)).url);
    await page.getByRole('button', { name: 'I am new here' }).click();
    await fillIn(page, '#sign-up', { 'Your name': 'Taken', 'New password': 'short' });
    await page.getByLabel('I agree to the terms').check();
    const create = page.getByRole('button', { name: 'Create my account' });
    await create.click();
    await page.getByText('This password does not meet all of the rules.').waitFor();
    await fillIn(page, '#sign-up', { 'New password': PASSWORD });
    await create.click();
    await page.getByRole('alert').getByText('There is an account with this address already.').waitFor();
    await page.getByRole('button', { name: 'I have an account' }).click();
    await signIn(page, guest.email);
    await heading(page, `Welcome to ${organization.name}`);
    expect(faults).toEqual([]);
  });

  it('says what became of an invitation that is no longer open', async () => {
    const [revoked, expired] = [await invite(uniqueEmail()), await invite(uniqueEmail())];
    data(await owner.delete(`/api/v1/invitations/${revoked.id}`));
    await inDatabase(
      fleet,
      `update organization.invitations set expires_at = now() - interval '1 second' where id = $1`,
      expired.id,
    );
    for (const [url, words] of [
      [revoked.url, 'This invitation was taken back'],
      [expired.url, 'This invitation has expired'],
      [`${fleet.url}/invitations/never-was-a-token`, 'This link does not work'],
      [`${fleet.url}/invitations/%3Cb%3E`, 'This link does not work'],
    ] as const) {
      const { page, faults } = await browser.visit(url);
      await heading(page, words);
      expect(faults).toEqual([]);
    }
  });

  it('says that the server is silent, and tries again when asked to', async () => {
    const { url } = await invite(uniqueEmail());
    const { page } = await browser.visit(`${fleet.url}/invitations`);
    await page.route('**/api/v1/invitations/*', route => route.abort());
    await page.goto(url);
    await heading(page, 'The invitation could not be looked up');
    await page.unroute('**/api/v1/invitations/*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await heading(page, `Join ${organization.name}`);
  });

  /** The code of a mail that is newer than the one with the other code. */
  async function mailedAfter(email: string, other: string): Promise<string> {
    return await eventually(async () => {
      const code = await codeSentTo(fleet, email);
      return code !== other && code;
    }, `another code for ${email}`);
  }
});
