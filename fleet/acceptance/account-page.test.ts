import { eventually } from '@rivergate/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, keptBy, noBrowser, openBrowser, type Visit } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  codeSentTo,
  data,
  foundOrganization,
  join,
  logIn,
  PASSWORD,
  type Person,
  signUp,
  uniqueEmail,
} from './person.ts';
import { totpCode } from './totp.ts';
import { addAuthenticator } from './virtual-authenticator.ts';

const NEW_PASSWORD = 'Another2horses';
const MARKUP = '<img src=x onerror=alert(1)>';
/** Refused by any API: what the page shows then. */
const REFUSED = { success: false, error: { code: 'UNAUTHORIZED', message: 'Refused' } };

describe.skipIf(noBrowser)(`the account page${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    // No address of numbers can have passkeys.
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
    url = `http://localhost:${new URL(fleet.url).port}/account`;
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  type Place = Page | ReturnType<Page['locator']>;
  const press = (place: Place, name: string) => place.getByRole('button', { name, exact: true }).click();
  const write = (place: Place, name: string, text: string) =>
    place.getByRole('textbox', { name, exact: true }).fill(text);
  /** A part of the page, by its heading. */
  const part = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const unfold = (place: Place, words: string) => place.locator('summary', { hasText: words }).click();
  /** Confirms what was asked in place of the button. */
  const confirm = (place: Place, name: string) => press(place.getByRole('group'), name);
  const news = (place: Place, words: string) =>
    place.getByRole('status').getByText(words, { exact: true }).waitFor();

  async function signIn(page: Page, { email }: Pick<Person, 'email'>, password = PASSWORD) {
    await write(page, 'Email', email);
    await write(page, 'Password', password);
    await press(page, 'Sign in');
  }

  /** Every part has said what there is, or why not: until then the page grows, and a press may miss. */
  const loaded = (page: Page) =>
    eventually(() =>
      page.evaluate<boolean>(
        `[...document.querySelectorAll('.entries')].every(list => list.childElementCount > 0
          || list.closest('section').querySelector('[role="alert"]').textContent !== '')`,
      ),
    );

  async function visitAs(person: Person, options?: Parameters<Browser['visit']>[1]): Promise<Visit> {
    const visit = await browser.visit(url, options);
    await signIn(visit.page, person);
    await heading(visit.page, 'Your account');
    await loaded(visit.page);
    return visit;
  }

  const focused = (page: Page) => page.evaluate('document.activeElement.textContent');
  const activeSessions = async (person: Person): Promise<number> =>
    data(await person.get('/api/v1/sessions')).active_count;

  it('takes somebody in, changes the name, and keeps no token where scripts could read it', async () => {
    const person = await signUp(fleet, 'namer');
    const { page, faults } = await browser.visit(url);
    await signIn(page, person, 'Wrong1password');
    await page.getByRole('alert').getByText('Email or password is wrong.').waitFor();
    const answered = page.waitForResponse(/login/);
    await signIn(page, person);
    const tokens = (await (await answered).json()).data;
    await heading(page, 'Your account');
    expect(await focused(page)).toBe('Your account');

    const profile = part(page, 'Profile');
    await profile.getByText(person.email).waitFor();
    await unfold(profile, 'Change the name');
    await write(profile, 'Name', ' ');
    await press(profile, 'Save the name');
    await profile.getByText(/^This must /).waitFor();
    expect(await profile.getByLabel('Name').getAttribute('aria-invalid')).toBe('true');
    await write(profile, 'Name', `Ada ${MARKUP}`);
    await page.keyboard.press('Enter');
    await news(profile, 'Your name has been changed.');
    expect(await focused(page)).toBe('Profile');
    await profile.getByText(`Ada ${MARKUP}`).waitFor();
    expect(data(await person.get('/api/v1/auth/me')).user.display_name).toBe(`Ada ${MARKUP}`);
    expect(await page.locator('main img:not(.qr)').count()).toBe(0);

    const kept = await keptBy(page);
    for (const secret of [tokens.access_token, tokens.refresh_token, PASSWORD])
      expect(kept).not.toContain(secret);
    expect(await activeSessions(person)).toBe(2);
    await page.reload();
    await heading(page, 'Your account');
    expect(faults).toEqual([]);
  });

  it('changes the address with the code that the new mailbox got', async () => {
    const [person, other] = [await signUp(fleet, 'mover'), await signUp(fleet, 'settled')];
    const { page, faults } = await visitAs(person);
    const profile = part(page, 'Profile');
    await unfold(profile, 'Change the address');
    await write(profile, 'New email address', other.email);
    await press(profile, 'Mail a code to it');
    await profile.getByText('Another account has this address.').waitFor();
    const email = uniqueEmail('moved');
    await write(profile, 'New email address', email);
    await press(profile, 'Mail a code to it');
    const code = await codeSentTo(fleet, email);
    await write(profile, 'Code of the mail', code === '123456' ? '123457' : '123456');
    await press(profile, 'Change the address');
    await profile.getByText('This is not the code.').waitFor();
    await write(profile, 'Code of the mail', code);
    await page.keyboard.press('Enter');
    await news(profile, `You sign in with ${email} from now on.`);
    await profile.getByText('Also yours').waitFor();
    expect((await logIn(fleet, { id: person.id, email })).email).toBe(email);
    expect(faults).toEqual([]);
  });

  it('adds a passkey, lets its owner sign in by it, and deletes it when asked twice', async () => {
    const person = await signUp(fleet, 'keeper');
    const { page, faults } = await visitAs(person);
    await addAuthenticator(page);
    const passkeys = part(page, 'Passkeys');
    await passkeys.getByText('You have no passkey yet.').waitFor();
    await unfold(passkeys, 'Add a passkey');
    await write(passkeys, 'Name of the device', 'Laptop');
    await press(passkeys, 'Make the passkey');
    await news(passkeys, 'The passkey Laptop was added.');
    await unfold(passkeys, 'Add a passkey');
    await write(passkeys, 'Name of the device', 'Laptop again');
    await press(passkeys, 'Make the passkey');
    await passkeys.getByText('This device holds a passkey of your account already.').waitFor();

    await press(page, 'Sign out');
    await heading(page, 'You are signed out');
    await press(page, 'Sign in again');
    await write(page, 'Email', person.email);
    await press(page, 'Use a passkey');
    await heading(page, 'Your account');
    await passkeys.getByText(/last used/).waitFor();
    await press(passkeys, 'Delete Laptop');
    expect(await focused(page)).toBe('Cancel');
    await page.keyboard.press('Escape');
    expect(data(await person.get('/api/v1/webauthn/credentials')).total_count).toBe(1);
    await press(passkeys, 'Delete Laptop');
    await confirm(passkeys, 'Delete');
    await news(passkeys, 'The passkey Laptop was deleted.');
    await passkeys.getByText('You have no passkey yet.').waitFor();
    expect(faults).toEqual([]);
  });

  it('sets up an authenticator app, shows backup codes once, and asks for a code from then on', async () => {
    const person = await signUp(fleet, 'guarded');
    const { page, faults } = await visitAs(person, { width: 390 });
    const factors = part(page, 'Second factor');
    await factors.getByText('Your account asks for none.').waitFor();
    await unfold(factors, 'Add an authenticator app');
    await write(factors, 'Name of the device', 'Phone');
    await press(factors, 'Go on');
    await factors.getByRole('img', { name: 'QR code of the key below' }).waitFor();
    expect(await page.evaluate("document.querySelector('.qr').naturalWidth")).toBeGreaterThan(100);
    const key = (await factors.locator('code').textContent())!.replaceAll(' ', '');
    await write(factors, 'Code of the app', '12345');
    await press(factors, 'Turn it on');
    await factors.getByText('Enter the 6 digits.').waitFor();
    await write(factors, 'Code of the app', totpCode(key));
    await page.keyboard.press('Enter');
    await news(factors, 'The authenticator app is set up.');
    const codes = await factors.getByLabel(/^Your backup codes/).inputValue();
    expect(codes.split('\n')).toHaveLength(10);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await press(factors, 'Copy');
    await news(factors, 'Copied.');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(codes);
    const kept = await keptBy(page);
    for (const secret of [key, ...codes.split('\n')]) expect(kept).not.toContain(secret);
    await press(factors, 'I have kept it');
    await factors.getByText('10 left').waitFor();
    expect(await page.locator('textarea').count()).toBe(0);

    await press(page, 'Sign out');
    await press(page, 'Sign in again');
    await signIn(page, person);
    await write(page, 'Code of your authenticator app', totpCode(key, 1));
    await page.getByLabel('Do not ask again on this device').check();
    await press(page, 'Go on');
    await heading(page, 'Your account');

    const devices = part(page, 'Trusted devices');
    await press(devices, 'Stop trusting Chrome on Linux');
    await confirm(devices, 'Stop trusting');
    await news(devices, 'Chrome on Linux is not trusted any more.');
    await press(factors, 'Make new ones as backup codes');
    await confirm(factors, 'Make new ones');
    await news(factors, 'You have new backup codes.');
    expect(await factors.getByLabel(/^Your backup codes/).inputValue()).not.toBe(codes);
    await press(factors, 'Remove Phone');
    await confirm(factors, 'Remove');
    await factors.getByText('Your account asks for none.').waitFor();
    expect(await page.locator('textarea').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('asks again who signed in without a passkey or second factor, and goes on with what was wanted', async () => {
    const person = await signUp(fleet, 'confirmed');
    const { page, faults } = await visitAs(person);
    await addAuthenticator(page);
    const passkeys = part(page, 'Passkeys');
    await unfold(passkeys, 'Add a passkey');
    await write(passkeys, 'Name of the device', 'Laptop');
    await press(passkeys, 'Make the passkey');
    await news(passkeys, 'The passkey Laptop was added.');
    await press(page, 'Sign out');
    await press(page, 'Sign in again');
    await signIn(page, person);
    await heading(page, 'Your account');
    await loaded(page);

    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    const tokens = part(page, 'Access tokens');
    await unfold(tokens, 'Make a token');
    await write(tokens, 'Name', 'Nightly');
    await press(tokens, 'Make the token');
    await dialog.waitFor();
    await expectNoBarrier(page);
    await page.keyboard.press('Escape');
    await tokens.getByText('Nothing has changed.').waitFor();

    await press(tokens, 'Make the token');
    await write(dialog, 'Password', 'Wrong1password');
    await press(dialog, 'Confirm');
    await dialog.getByText('This is not your password.').waitFor();
    await write(dialog, 'Password', PASSWORD);
    await page.keyboard.press('Enter');
    await write(
      dialog,
      'Code that was mailed to you',
      await codeSentTo(fleet, person.email, 'confirm that it'),
    );
    await page.keyboard.press('Enter');
    await news(tokens, 'The token Nightly was made.');
    expect(await dialog.isVisible()).toBe(false);
    await press(tokens, 'I have kept it');

    await press(page, 'Sign out');
    await press(page, 'Sign in again');
    await signIn(page, person);
    await heading(page, 'Your account');
    await loaded(page);
    await press(passkeys, 'Delete Laptop');
    await confirm(passkeys, 'Delete');
    await press(dialog, 'Use a passkey');
    await news(passkeys, 'The passkey Laptop was deleted.');
    expect(faults).toEqual([]);
  });

  it('switches to another organization, in which the session acts from then on', async () => {
    const person = await signUp(fleet, 'switcher');
    const { id, name } = await foundOrganization(person);
    const { page, faults } = await visitAs(person);
    const organizations = part(page, 'Organizations');
    expect(await organizations.getByText('(active)').count()).toBe(1);
    await press(organizations, `Switch to ${name}`);
    await news(organizations, `You are working in ${name} now.`);
    await organizations.getByText(`${name} (active)`, { exact: true }).waitFor();
    expect(await organizations.getByRole('button', { name: `Switch to ${name}` }).count()).toBe(0);
    await page.reload();
    await part(page, 'Organizations').getByText(`${name} (active)`, { exact: true }).waitFor();
    const { active_organization_id } = data(await (await logIn(fleet, person)).get('/api/v1/auth/me'));
    expect(active_organization_id).toBe(id);
    await part(page, 'Sessions').getByText('Chrome on Linux (this page)').waitFor();
    expect(faults).toEqual([]);
  });

  it('turns codes by mail on and off', async () => {
    const person = await signUp(fleet, 'mailed');
    const { page, faults } = await visitAs(person);
    const factors = part(page, 'Second factor');
    await unfold(factors, 'Get codes by mail');
    await press(factors, 'Mail me a code');
    await factors.getByLabel('Code of the mail').waitFor();
    await write(factors, 'Code of the mail', await codeSentTo(fleet, person.email, 'a code by mail'));
    await press(factors, 'Turn it on');
    await news(factors, 'Codes by mail are on.');
    await press(factors, 'I have kept it');
    expect(await factors.getByText('Get codes by mail', { exact: true }).isVisible()).toBe(false);
    await press(factors, 'Turn off codes by mail');
    await confirm(factors, 'Turn off');
    await news(factors, 'Codes by mail are off.');
    expect(faults).toEqual([]);
  });

  it('makes a token that works through the gateway, shows it once, and revokes it', async () => {
    const person = await signUp(fleet, 'maker');
    const { page, faults } = await visitAs(person);
    const tokens = part(page, 'Access tokens');
    await unfold(tokens, 'Make a token');
    await write(tokens, 'Name', 'Nightly');
    await tokens.getByLabel('read', { exact: true }).uncheck();
    await press(tokens, 'Make the token');
    await tokens.getByText('Say at least one thing that it may do.').waitFor();
    await tokens.getByLabel('read', { exact: true }).check();
    const organizations = tokens.getByLabel('Where');
    expect(await organizations.locator('option').count()).toBe(2);
    await organizations.selectOption({ index: 1 });
    await tokens.getByLabel('For how long').selectOption('7 days');
    await press(tokens, 'Make the token');
    await news(tokens, 'The token Nightly was made.');
    const secret = await tokens.getByLabel('Your new token').inputValue();
    expect(await keptBy(page)).not.toContain(secret);
    const program = fleet.caller(secret);
    const [{ id, name }] = data(await person.get('/api/v1/auth/me')).organizations;
    const workspaces = `/api/v1/organizations/${id}/workspaces`;
    expect(data(await program.get(workspaces)).total_count).toBe(1);
    expect((await program.post(workspaces, { name: 'No' })).status).toBe(403);
    await press(tokens, 'I have kept it');
    await tokens.getByText(`May read in ${name}`, { exact: true }).waitFor();
    await press(tokens, 'Revoke Nightly');
    await confirm(tokens, 'Revoke');
    await news(tokens, 'The token Nightly was revoked.');
    await tokens.getByText('You have none.').waitFor();
    expect((await program.get(workspaces)).status).toBe(401);
    expect(faults).toEqual([]);
  });

  it('ends another session, all others, and every one', async () => {
    const person = await signUp(fleet, 'everywhere');
    const others = [await logIn(fleet, person), await logIn(fleet, person)];
    const { page, faults } = await visitAs(person);
    const sessions = part(page, 'Sessions');
    await sessions.getByText('Chrome on Linux (this page)').waitFor();
    const end = sessions.getByRole('button', { name: 'End the session of rivergate-test' });
    expect(await end.count()).toBe(3);
    await end.first().click();
    await confirm(sessions, 'End');
    await news(sessions, 'The session was ended.');
    const alive = async () => {
      const answers = await Promise.all([person, ...others].map(one => one.get('/api/v1/auth/me')));
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await alive()).toBe(2);
    await press(sessions, 'End all others');
    await confirm(sessions, 'End all others');
    await news(sessions, 'All other sessions were ended.');
    expect(await alive()).toBe(0);
    expect(await sessions.getByRole('button', { name: 'End all others' }).isVisible()).toBe(false);

    const later = await logIn(fleet, person);
    await press(sessions, 'Sign out everywhere');
    await confirm(sessions, 'Sign out everywhere');
    await heading(page, 'You are signed out');
    await page.getByText('Every device was signed out.').waitFor();
    expect((await later.get('/api/v1/auth/me')).status).toBe(401);
    expect(await keptBy(page)).not.toContain(person.email);
    expect(faults).toEqual([]);
  });

  it('shows who asks to act in the name of its user, takes the answer, and ends it', async () => {
    const [owner, member] = [await signUp(fleet, 'owner', MARKUP), await signUp(fleet, 'asked')];
    const organization = await foundOrganization(owner);
    await join(owner, member, organization, 'Viewer');
    const path = `${organization.path}/impersonations`;
    const ask = async () =>
      data(await owner.post(path, { user_id: member.id, reason: MARKUP, minutes: 10 }), 201).impersonation.id;
    const denied = await ask();
    const { page, faults } = await visitAs(member);
    const acting = part(page, 'Acting in your name');
    await acting.getByText(`Reason: ${MARKUP}`).waitFor();
    await press(acting, `Deny for ${MARKUP}`);
    await confirm(acting, 'Deny');
    await news(acting, 'You denied it.');
    await acting.getByText('Nobody asks, and nobody does.').waitFor();
    const approved = await ask();
    expect(approved).toBeGreaterThan(denied);
    await page.reload();
    await heading(page, 'Your account');
    await loaded(page);
    await press(acting, `Approve for ${MARKUP}`);
    await expectNoBarrier(page);
    await confirm(acting, 'Approve');
    await news(acting, 'You approved it.');
    expect(await focused(page)).toBe('Acting in your name');
    const { access_token } = data(await owner.post(`${path}/${approved}/token`), 201);
    data(await fleet.caller(access_token).get(organization.path));
    await page.reload();
    await heading(page, 'Your account');
    await part(page, 'Sessions').getByText(`${MARKUP}, in your name`, { exact: true }).waitFor();
    await press(acting, `End for ${MARKUP}`);
    await confirm(acting, 'End');
    await news(acting, 'It was ended.');
    await part(page, 'Sessions')
      .getByText(`${MARKUP}, in your name`, { exact: true })
      .waitFor({ state: 'detached' });
    expect((await fleet.caller(access_token).get(organization.path)).status).toBe(401);
    expect(await page.locator('main img:not(.qr)').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('changes the password, which signs every device out', async () => {
    const person = await signUp(fleet, 'changer');
    const { page, faults } = await visitAs(person);
    await unfold(page, 'Change the password');
    const fillIn = async (current: string, first: string, second: string) => {
      await write(page, 'Current password', current);
      await write(page, 'New password', first);
      await write(page, 'Repeat the new password', second);
      await press(page, 'Set the new password');
    };
    await fillIn(PASSWORD, NEW_PASSWORD, `${NEW_PASSWORD}!`);
    await page.getByText('The two passwords differ.').waitFor();
    await fillIn('Wrong1password', NEW_PASSWORD, NEW_PASSWORD);
    await page.getByText('This is not your password.').waitFor();
    await fillIn(PASSWORD, NEW_PASSWORD, NEW_PASSWORD);
    await heading(page, 'You are signed out');
    await page.getByText('Your new password is set.').waitFor();
    expect((await person.get('/api/v1/auth/me')).status).toBe(401);
    await press(page, 'Sign in again');
    await signIn(page, person, NEW_PASSWORD);
    await heading(page, 'Your account');
    expect(faults).toEqual([]);
  });

  it('says in its place what does not work, and leaves the rest', async () => {
    const person = await signUp(fleet, 'patient');
    const { page, faults } = await browser.visit(url);
    const missing = { success: false, error: { code: 'NOT_FOUND', message: 'Nothing here' } };
    await page.route('**/api/v1/devices', route => route.fulfill({ status: 404, json: missing }));
    await page.route('**/api/v1/sessions', route => route.abort());
    await page.route('**/api/v1/webauthn/credentials', route =>
      route.fulfill({ status: 503, json: missing }),
    );
    await signIn(page, person);
    await part(page, 'Trusted devices').getByText('This is not available here.').waitFor();
    await part(page, 'Passkeys').getByText('This is not available here.').waitFor();
    const sessions = part(page, 'Sessions');
    await sessions.getByRole('alert').getByText('The server did not answer.').waitFor();
    await part(page, 'Profile').getByText(person.email).waitFor();
    await part(page, 'Access tokens').getByText('You have none.').waitFor();
    await page.unroute('**/api/v1/sessions');
    await press(sessions, 'Try again');
    await sessions.getByText('(this page)').waitFor();
    expect(await focused(page)).toBe('Sessions');
    await page.route('**/api/v1/sessions/*', route => route.abort());
    await press(sessions, 'End the session of rivergate-test');
    await confirm(sessions, 'End');
    await sessions.getByRole('alert').getByText('The server did not answer.').waitFor();
    expect(faults.filter(fault => !fault.includes('ERR_FAILED'))).toEqual([]);
  });

  it('renews the token before it expires', async () => {
    const person = await signUp(fleet, 'absent');
    const { page, sent, faults } = await browser.visit(url);
    await page.clock.install();
    await signIn(page, person);
    await part(page, 'Sessions').getByText('(this page)').waitFor();
    const renewed = page.waitForResponse(/browser-session/);
    await page.clock.fastForward('59:00');
    await (await renewed).finished();
    expect(sent.filter(request => request.endsWith('/browser-session/token'))).toHaveLength(3);
    expect(faults).toEqual([]);
  });

  it('renews an access token once when it has expired, for all who find it so', async () => {
    const person = await signUp(fleet, 'renewed');
    const { page, sent, faults } = await browser.visit(url);
    const expired = new Set<string>();
    await page.route(/\/api\/v1\/(?:auth\/me|sessions|auth\/tokens|devices)$/, route => {
      const { authorization } = route.request().headers();
      if (expired.size === 0 || expired.has(authorization!)) {
        expired.add(authorization!);
        return route.fulfill({ status: 401, json: REFUSED });
      }
      return route.continue();
    });
    await signIn(page, person);
    await part(page, 'Profile').getByText(person.email).waitFor();
    await part(page, 'Sessions').getByText('(this page)').waitFor();
    expect(sent.filter(request => request.endsWith('/browser-session/token'))).toHaveLength(3);

    await page.unrouteAll();
    await page.route('**/api/v1/**', route => route.fulfill({ status: 401, json: REFUSED }));
    await press(part(page, 'Sessions'), 'Sign out everywhere');
    await confirm(part(page, 'Sessions'), 'Sign out everywhere');
    await heading(page, 'You are signed out');
    await page.getByText('The session of this page has ended.').waitFor();
    expect(faults).toEqual([]);
  });

  it.each([
    [320, 'dark'],
    [1280, 'light'],
  ] as const)('fits %i pixels in %s, and axe finds no barrier', async (width, colorScheme) => {
    const person = await signUp(fleet, 'reader');
    const { page, faults } = await browser.visit(url, { width, colorScheme });
    await expectNoBarrier(page);
    await signIn(page, person);
    const [factors, tokens, sessions] = ['Second factor', 'Access tokens', 'Sessions'].map(name =>
      part(page, name),
    ) as [Place, Place, Place];
    await unfold(tokens, 'Make a token');
    await write(tokens, 'Name', 'A name without any place where a line could be broken'.replaceAll(' ', '-'));
    await press(tokens, 'Make the token');
    await tokens.getByLabel('Your new token').waitFor();
    await unfold(factors, 'Add an authenticator app');
    await write(factors, 'Name of the device', 'Phone');
    await press(factors, 'Go on');
    await factors.getByRole('img').waitFor();
    await press(sessions, 'End the session of rivergate-test');
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    await expectNoBarrier(page);
    await press(page, 'Sign out');
    await heading(page, 'You are signed out');
    await expectNoBarrier(page);
    expect(faults).toEqual([]);
  });
});
