import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { PASSWORD, signUp } from './person.ts';

if (noBrowser) console.warn(`\n${noBrowser}\n`);

describe.skipIf(noBrowser)(`the reference at /docs${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  beforeAll(async () => {
    [fleet, browser] = await Promise.all([startFleet(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  const visit = (options?: Parameters<Browser['visit']>[1]) => browser.visit(`${fleet.url}/docs`, options);

  async function openAll(page: Page, part: string): Promise<void> {
    await page.evaluate(`for (const one of document.querySelectorAll('${part}')) one.open = true`);
    await page.locator(`${part}:not(:has(> :nth-child(2)))`).waitFor({ state: 'detached' });
  }

  async function opened(page: Page, name: RegExp) {
    const operation = page.locator('details.operation', { has: page.getByRole('heading', { name }) });
    await operation.locator('> summary').click();
    return operation;
  }

  it('answers the first press on Send, from the origin that the page came from', async () => {
    const { page, faults, sent } = await visit();
    await page.getByRole('button', { name: /^Send/ }).first().click();
    await page.getByText(/^Answered 200 OK after \d+ ms$/).waitFor();
    await page.getByText('"keys"').waitFor();
    expect(sent).toContain('GET /.well-known/jwks.json');
    expect(faults).toEqual([]);
  });

  it('signs in and goes on with the token, which it keeps nowhere', async () => {
    const { email } = await signUp(fleet, 'reader');
    const { page, faults } = await visit({ width: 390 });
    const login = await opened(page, /POST \/api\/v1\/auth\/login /);
    await login.getByLabel('Body (application/json)').fill(JSON.stringify({ email, password: PASSWORD }));
    await login.getByRole('button', { name: 'Send POST' }).click();
    await login.getByRole('button', { name: 'Use this access token' }).click();
    const me = await opened(page, /GET \/api\/v1\/auth\/me /);
    await me.getByRole('button', { name: 'Send GET' }).click();
    expect(await me.getByText(/^(?:Not a|A)nswered/).textContent()).toMatch(/^Answered 200/);
    await me.getByText(`"email": "${email}"`).waitFor();
    expect(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length')).toBe(
      0,
    );
    await page.reload();
    expect(await page.locator('#token').inputValue()).toBe('');
    expect(faults).toEqual([]);
  });

  it('fills in nothing that could do harm: no id, no address, no password, no example', async () => {
    const { page } = await visit();
    await openAll(page, 'details.operation');
    const given = await page.evaluate<string[]>(
      "[...document.querySelectorAll('input, textarea')].map(field => field.value).filter(Boolean)",
    );
    expect(given.length).toBeGreaterThan(10);
    const leaves = (value: unknown): unknown[] =>
      value !== null && typeof value === 'object' ? Object.values(value).flatMap(leaves) : [value];
    const filled = given.flatMap(text => leaves(JSON.parse(text)));
    // What takes one value alone holds that.
    const { text: document } = await fleet.caller().get('/api/v1/openapi.json');
    const harmless = [...document.matchAll(/"const":("[^"]*")/g)].map(([, value]) => JSON.parse(value!));
    harmless.push('', null, false);
    expect(filled.filter(value => !harmless.includes(value))).toEqual([]);
  });

  it('sends nothing that is not complete, and nothing without the token that it needs', async () => {
    const { page, sent } = await visit();
    const before = sent.length;
    const removal = await opened(page, /DELETE \/api\/v1\/sessions\/\{session_id\} /);
    await removal.getByRole('button', { name: 'Send DELETE' }).click();
    expect(await removal.locator('input:invalid').count()).toBe(1);
    await removal.getByLabel(/session_id/).fill('1');
    await removal.getByRole('button', { name: 'Send DELETE' }).click();
    await removal.getByText('This operation needs an access token').waitFor();
    expect(sent.slice(before)).toEqual([]);
  });

  it('shows every operation in a group, and no group without one', async () => {
    const { page } = await visit();
    const document = (await (await fetch(`${fleet.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const count = Object.values(document.paths).flatMap(methods => Object.keys(methods)).length;
    expect(await page.locator('details.operation').count()).toBe(count);
    await page.getByText(`${count} of ${count} operations`).waitFor();
    const groups = "[...document.querySelectorAll('#list > section')]";
    expect(await page.evaluate(`${groups}.filter(group => !group.querySelector('details')).length`)).toBe(0);
    expect(await page.locator('#groups a').count()).toBe(await page.evaluate(`${groups}.length`));

    await page.getByLabel('Find an operation').fill('delete v1/sessions/{');
    await page.getByText(`1 of ${count} operations`).waitFor();
    expect(await page.locator('#list > section:visible').count()).toBe(1);
  });

  it('can be used by keyboard alone, and an operation has an address', async () => {
    const { page } = await visit();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('login email');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('Body (application/json)').waitFor();
    const id = await page.locator('details.operation[open]').getAttribute('id');
    const named = await browser.visit(`${fleet.url}/docs#${id}`);
    await named.page.locator(`details[open][id="${id}"]`).waitFor();
    expect(named.faults).toEqual([]);
  });

  it.each([
    [1280, 'light'],
    [390, 'light'],
    [320, 'light'],
    [1280, 'dark'],
    [320, 'dark'],
  ] as const)('fits %i pixels in %s, and axe finds no barrier', async (width, colorScheme) => {
    const { page, faults } = await visit({ width, colorScheme });
    await page.getByRole('button', { name: /^Send/ }).first().click();
    await page.getByText(/^Answered 200/).waitFor();
    const overflows = () => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
    await openAll(page, 'details.operation');
    expect(await overflows()).toBe(0);
    // Three operations and all that they answer hold every part of the page; axe takes its time over hundreds.
    await page.evaluate(
      "for (const one of [...document.querySelectorAll('details.operation')].slice(3)) one.remove()",
    );
    await openAll(page, 'details.response');
    expect(await overflows()).toBe(0);
    await page.evaluate(axe.source);
    const { violations, passes } = await page.evaluate<axe.AxeResults>('axe.run(document)');
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(passes.length).toBeGreaterThan(30);
    expect(faults).toEqual([]);
  });
});
