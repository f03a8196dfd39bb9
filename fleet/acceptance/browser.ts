import { testChromium } from '@rivergate/testing/on-demand';
import { chromium, type Page } from 'playwright-core';

const { value: executablePath, reason } = await testChromium();

/** Why there is no browser; undefined where there is one. */
export const noBrowser = reason;

export interface Visit {
  page: Page;
  /** What the page got wrong so far: errors in the console, exceptions, breaches of its policy. */
  faults: string[];
  /** Requests that the page sent, as "METHOD path". */
  sent: string[];
}

interface VisitOptions {
  width?: number;
  colorScheme?: 'light' | 'dark';
  /** From this machine's address: the header that says another one is none that a page of another origin may send. */
  ownAddress?: false;
}

export interface Browser {
  /** Opens an address as a new person would: from an IP address of their own, with nothing in store. */
  visit(url: string, options?: VisitOptions): Promise<Visit>;
  close(): Promise<void>;
}

let addresses = 0;

const nextAddress = () => ({ 'x-forwarded-for': `10.2.${addresses >> 8}.${addresses++ & 255}` });

export async function openBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    async visit(url, { width = 1280, colorScheme = 'light', ownAddress = true } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: width < 600 ? 844 : 900 },
        colorScheme,
        locale: 'en-GB',
        ...(ownAddress ? { extraHTTPHeaders: nextAddress() } : {}),
      });
      const page = await context.newPage();
      const faults: string[] = [];
      const sent: string[] = [];
      page.on('pageerror', error => faults.push(String(error)));
      page.on('console', message => {
        // A refusal of the API is an answer like any other, though the browser notes it down.
        const isRefusal = /^Failed to load resource: .* status of (?:4\d\d|503)/.test(message.text());
        if (['error', 'warning'].includes(message.type()) && !isRefusal) faults.push(message.text());
      });
      page.on('dialog', dialog => {
        faults.push(`A dialog: ${dialog.message()}`);
        return dialog.dismiss();
      });
      page.on('request', request => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
      await page.goto(url);
      await page.locator('[data-view]:not([hidden])').first().waitFor({ state: 'attached' });
      return { page, faults, sent };
    },
    close: () => browser.close(),
  };
}

/** The heading of what the page shows, once it is this one. */
export async function heading(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** All that a page could have kept of a secret: address, history's state, stores, cookies, and the document itself. */
export async function keptBy(page: Page): Promise<string> {
  const kept = await page.evaluate(
    'JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}, document.cookie, document.documentElement.outerHTML])',
  );
  return `${kept} ${JSON.stringify(await page.context().cookies())}`;
}
