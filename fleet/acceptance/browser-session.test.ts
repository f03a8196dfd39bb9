import { eventually } from '@rivergate/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  codeSentTo,
  data,
  foundOrganization,
  join,
  logIn,
  mailTo,
  PASSWORD,
  signUp,
  uniqueEmail,
} from './person.ts';
import { addAuthenticator } from './virtual-authenticator.ts';

type Parameters = Record<string, string>;

describe.skipIf(noBrowser)(`who is signed in in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let url: string;
  let owner: Awaited<ReturnType<typeof signUp>>;
  let organization: Awaited<ReturnType<typeof foundOrganization>>;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([
      startFleet({ host: 'localhost', env: { RATE_LIMIT_STANDARD: 'off' } }),
      openBrowser(),
    ]);
    url = `http://localhost:${new URL(fleet.url).port}`;
    owner = await signUp(fleet, 'owner');
    organization = await foundOrganization(owner);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  /** An app of its own origin, at which everything that the browser sends there is noted. */
  async function app(name: string) {
    const callback = `https://${name}.example/callback`;
    const application = {
      name: `${name} ${uniqueEmail()}`,
      grant_types: ['authorization_code'],
      redirect_uris: [callback],
      scopes: ['read', 'write'],
    };
    const path = `${organization.path}/oauth-applications`;
    const { client_id } = data(await owner.post(path, application), 201);
    const asked = (more: Parameters = {}) => {
      const needed = { response_type: 'code', client_id, redirect_uri: callback, scope: 'read', state: 'st' };
      return `${url}/authorize?${new URLSearchParams({ ...needed, ...more })}`;
    };
    return { title: application.name, callback, asked };
  }
  type App = Awaited<ReturnType<typeof app>>;

  /** Sends the browser to the sign-in page as a link on the app's own site does. */
  async function comeFrom(context: BrowserContext, { callback, asked }: App, more: Parameters = {}) {
    const page = await context.newPage();
    const referers: (string | undefined)[] = [];
    await page.route(`${new URL(callback).origin}/**`, async route => {
      referers.push((await route.request().allHeaders()).referer);
      const link = `<a href="${asked(more).replaceAll('&', '&amp;')}">Sign in</a>`;
      await route.fulfill({ body: link, contentType: 'text/html' });
    });
    await page.goto(new URL(callback).origin);
    await page.getByRole('link').click();
    return { page, referers };
  }

  async function calledBack(page: Page, { callback }: App): Promise<Parameters> {
    await page.waitForURL(`${callback}?**`);
    return Object.fromEntries(new URL(page.url()).searchParams);
  }

  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
  const write = (page: Page, name: string, text: string) =>
    page.getByRole('textbox', { name, exact: true }).fill(text);
  async function signIn(page: Page, email: string) {
    await write(page, 'Email', email);
    await write(page, 'Password', PASSWORD);
    await press(page, 'Sign in');
  }
  const secretOf = async (context: BrowserContext) =>
    (await context.cookies()).find(({ name }) => name === '__Host-session')?.value;

  it('signs in once for all apps and the account, is asked once by each, and signs out once', async () => {
    const [one, two] = [await app('one'), await app('two')];
    const { page, faults } = await browser.visit(one.asked());
    const context = page.context();
    await page.route(`${one.callback}**`, route => route.fulfill({ body: 'The app' }));
    await signIn(page, owner.email);
    await heading(page, `May ${one.title} act for you?`);
    await page.getByText(`You are signed in as ${owner.email}. Use another account`).waitFor();
    expect(await context.cookies()).toMatchObject([
      { name: '__Host-session', path: '/', httpOnly: true, secure: true, sameSite: 'Strict', expires: -1 },
    ]);
    const stored = await page.evaluate(
      'JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])',
    );
    expect(stored).toBe('["",{},{}]');
    await press(page, 'Allow');
    expect((await calledBack(page, one)).code).toMatch(/^[\w-]{43}$/);

    const second = await comeFrom(context, two);
    await heading(second.page, `May ${two.title} act for you?`);
    await press(second.page, 'Allow');
    expect((await calledBack(second.page, two)).state).toBe('st');

    const again = await comeFrom(context, two);
    expect((await calledBack(again.page, two)).code).toMatch(/^[\w-]{43}$/);
    const wider = await comeFrom(context, two, { scope: 'read write' });
    await heading(wider.page, `May ${two.title} act for you?`);
    const consent = await comeFrom(context, two, { prompt: 'consent' });
    await heading(consent.page, `May ${two.title} act for you?`);

    const account = await context.newPage();
    await account.goto(`${url}/account`);
    await heading(account, 'Your account');
    await press(account, 'Sign out');
    await heading(account, 'You are signed out');
    expect(await secretOf(context)).toBeUndefined();
    await press(consent.page, 'Allow');
    await consent.page.getByText('You were signed out meanwhile.').waitFor();
    const signedOut = await comeFrom(context, one);
    await heading(signedOut.page, `Sign in to go on to ${one.title}`);
    // The app's own page is told no more than where the person comes from, if that.
    for (const { referers } of [second, again, signedOut]) expect(referers.filter(Boolean)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('is asked to sign in again where the app wants that, with the address filled in', async () => {
    const charts = await app('charts');
    const { page } = await browser.visit(charts.asked({ login_hint: 'hint@example.com' }));
    const email = (at: Page) => at.getByRole('textbox', { name: 'Email', exact: true }).inputValue();
    expect(await email(page)).toBe('hint@example.com');
    await signIn(page, owner.email);
    await heading(page, `May ${charts.title} act for you?`);
    const before = await secretOf(page.context());
    for (const more of [{ prompt: 'login' }, { max_age: '0' }] as Parameters[]) {
      const again = await comeFrom(page.context(), charts, more);
      await heading(again.page, `Sign in to go on to ${charts.title}`);
      expect(await email(again.page)).toBe(owner.email);
      await signIn(again.page, owner.email);
      await heading(again.page, `May ${charts.title} act for you?`);
    }
    expect(await secretOf(page.context())).not.toBe(before);
    const young = await comeFrom(page.context(), charts, { max_age: '3600' });
    await heading(young.page, `May ${charts.title} act for you?`);
  });

  it('is asked nothing where the app wants an answer at once', async () => {
    const [quiet, prompt] = [await app('quiet'), { prompt: 'none' }];
    const { page } = await browser.visit(`${url}/account`);
    const context = page.context();
    const answered = async (more: Parameters = prompt) => {
      const visit = await comeFrom(context, quiet, more);
      const { error, state, iss, code } = await calledBack(visit.page, quiet);
      expect([state, iss]).toEqual(['st', url]);
      return error ?? typeof code;
    };
    expect(await answered()).toBe('login_required');
    await signIn(page, owner.email);
    await heading(page, 'Your account');
    expect(await answered()).toBe('consent_required');
    const asked = await comeFrom(context, quiet);
    await press(asked.page, 'Allow');
    await calledBack(asked.page, quiet);
    expect(await answered()).toBe('string');
    expect(await answered({ prompt: 'none', max_age: '0' })).toBe('login_required');

    // Nobody is sent to a place that the app has not registered, whatever there is to tell.
    const elsewhere = await comeFrom(context, quiet, { ...prompt, redirect_uri: 'https://evil.example/' });
    await heading(elsewhere.page, 'This sign-in cannot go on');
    expect(elsewhere.page.url()).toContain(url);
  });

  it('signs up, adds a passkey, signs out, signs in with it, and is back at the app with a code', async () => {
    const desk = await app('desk');
    const email = uniqueEmail('newcomer');
    const { page, faults } = await browser.visit(desk.asked(), { width: 390 });
    await addAuthenticator(page);
    await page.route(`${desk.callback}**`, route => route.fulfill({ body: 'The app' }));
    await press(page, 'I am new here');
    await write(page, 'Your name', 'Nora');
    await write(page, 'Email', email);
    await write(page, 'New password', PASSWORD);
    await page.getByLabel('I agree to the terms').check();
    await press(page, 'Create my account');
    await write(page, 'Code of 6 digits', await codeSentTo(fleet, email));
    await press(page, 'Confirm and go on');
    await heading(page, `${desk.title} is not open to you`);
    await join(owner, await logIn(fleet, { id: 0, email }), organization, 'Developer');

    await page.goto(`${url}/account`);
    await page.locator('summary', { hasText: 'Add a passkey' }).click();
    await write(page, 'Name of the device', 'Phone');
    await press(page, 'Make the passkey');
    await page.getByText('The passkey Phone was added.').waitFor();
    await press(page, 'Sign out');
    await heading(page, 'You are signed out');

    await page.goto(desk.asked());
    await write(page, 'Email', email);
    await press(page, 'Use a passkey');
    await heading(page, `May ${desk.title} act for you?`);
    await press(page, 'Allow');
    expect((await calledBack(page, desk)).code).toMatch(/^[\w-]{43}$/);
    expect(faults).toEqual([]);
  });

  it('comes back to the app after setting a new password', async () => {
    const lost = await app('lost');
    const { page } = await browser.visit(lost.asked());
    const { email } = await signUp(fleet, 'forgetful');
    const told = async (address: string) => {
      await page.reload();
      await write(page, 'Email', address);
      await press(page, 'Forgot password?');
      expect(await page.getByRole('textbox', { name: 'Email', exact: true }).inputValue()).toBe(address);
      await press(page, 'Mail me the link');
      const news = page.getByRole('status').getByText('If this address belongs to an account');
      return news.textContent();
    };
    expect(await told(uniqueEmail('nobody'))).toBe(await told(email));
    const link = await resetLink(email);
    const tab = await page.context().newPage();
    await tab.goto(link);
    await write(tab, 'New password', 'Another2horses');
    await write(tab, 'Repeat the new password', 'Another2horses');
    await press(tab, 'Set the new password');
    await tab.getByRole('link', { name: 'Go on with the new password' }).click();
    await heading(tab, `Sign in to go on to ${lost.title}`);
    expect(tab.url()).toBe(lost.asked());
  });

  it('accepts an invitation by a press, with the account that has its address', async () => {
    const [guest, other] = [await signUp(fleet, 'guest'), await signUp(fleet, 'other')];
    const invited = {
      email: guest.email,
      workspace_id: organization.workspaceId,
      role_id: organization.roleId('Viewer'),
    };
    const { invitation } = data(await owner.post(`${organization.path}/members/invite`, invited), 201);
    const link = `${url}/invitations/${invitation.token}`;
    const { page, faults } = await browser.visit(`${url}/account`, { width: 320 });
    await signIn(page, other.email);
    await heading(page, 'Your account');
    await page.goto(link);
    await page.getByText(`You are signed in as ${other.email}.`).waitFor();
    await press(page, 'Accept');
    await page.getByRole('alert').getByText(`Sign in with ${guest.email}`).waitFor();
    await expectNoBarrier(page);
    await press(page, 'Use another account');
    expect(await page.evaluate('document.activeElement.value')).toBe(guest.email);

    await page.goto(`${url}/account`);
    await press(page, 'Sign out');
    await press(page, 'Sign in again');
    await signIn(page, guest.email);
    await heading(page, 'Your account');
    await page.goto(link);
    await page.getByText(`You are signed in as ${guest.email}.`).waitFor();
    const { members } = data(await owner.get(`${organization.path}/members`));
    expect(members.map(({ email }: { email: string }) => email)).not.toContain(guest.email);
    await page.getByRole('button', { name: 'Accept', exact: true }).press('Enter');
    await heading(page, `Welcome to ${organization.name}`);
    await expectNoBarrier(page);
    await page.goto(`${url}/account`);
    await heading(page, 'Your account');
    expect(faults).toEqual([]);
  });

  async function resetLink(email: string): Promise<string> {
    const { text } = await mailTo(fleet, email, '/reset-password?token=');
    return /http\S+\/reset-password\?token=\S+/.exec(text)![0];
  }

  it('gets another secret at each sign-in, and one that was planted before opens nothing', async () => {
    const planted = 'p'.repeat(43);
    const { page } = await browser.visit(`${url}/account`);
    const context = page.context();
    const cookie = { name: '__Host-session', value: planted, url: `https://localhost/`, secure: true };
    await context.addCookies([{ ...cookie, httpOnly: true, sameSite: 'Strict' }]);
    await page.reload();
    await signIn(page, owner.email);
    await heading(page, 'Your account');
    expect(await secretOf(context)).not.toBe(planted);
    const secret = await secretOf(context);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(await keptBy(page).then(kept => kept.split(secret!).length)).toBe(2);
  });

  it('leaves another site nothing to ask, to plant, or to frame', async () => {
    const { page } = await browser.visit(`${url}/account`);
    await signIn(page, owner.email);
    await heading(page, 'Your account');
    const tab = await page.context().newPage();
    // The same server under another name: another site to browsers.
    await tab.goto(`${fleet.url.replace('localhost', '127.0.0.1')}/health`);
    const answers = await tab.evaluate<unknown[]>(`Promise.all(
      [['POST', 'token'], ['POST', 'end']].flatMap(([method, what]) =>
        ['cors', 'no-cors'].map(mode =>
          fetch('${url}/api/v1/auth/browser-session/' + what, { method, mode, credentials: 'include' })
            .then(answer => answer.type + answer.status, () => 'refused'))))`);
    expect(
      answers.every(answer => answer === 'refused' || answer === 'opaque0' || answer === 'cors403'),
    ).toBe(true);
    await page.reload();
    await heading(page, 'Your account');

    for (const path of ['/authorize', '/account', '/sign-up']) {
      const { headers } = await fetch(`${fleet.url}${path}`);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
  });

  it('stays themselves on a page when somebody else signs in in another tab', async () => {
    const other = await signUp(fleet, 'other');
    const { page } = await browser.visit(`${url}/account`);
    await page.clock.install();
    await signIn(page, owner.email);
    await page.getByRole('region', { name: 'Profile' }).getByText(owner.email).waitFor();
    const tab = await page.context().newPage();
    const desk = await app('shared');
    await tab.goto(desk.asked());
    await press(tab, 'Use another account');
    await signIn(tab, other.email);
    await heading(tab, `${desk.title} is not open to you`);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('group').getByRole('button', { name: 'Sign out everywhere' }).click();
    await heading(page, 'You are signed out');
    expect(data(await other.get('/api/v1/sessions')).active_count).toBeGreaterThan(0);
  });

  it('is signed out of the page alone where the browser keeps nothing', async () => {
    const { page } = await browser.visit(`${url}/account`);
    await page.route('**/auth/browser-session', route => route.fulfill({ status: 204 }));
    await signIn(page, owner.email);
    await heading(page, 'Your account');
    await page.getByText('Closing or leaving this page signs you out of it.').last().waitFor();
    const sessions = async () => data(await owner.get('/api/v1/sessions')).active_count;
    const before = await sessions();
    await page.goto(`${url}/health`);
    await eventually(async () => (await sessions()) === before - 1, 'the end of the session of the page');
    await page.goto(`${url}/account`);
    await heading(page, 'Sign in to your account');
  });
});
