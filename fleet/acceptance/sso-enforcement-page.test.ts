import { createHash, randomBytes } from 'node:crypto';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '@rivergate/service-sso/testing/saml-identity-provider';
import { eventually } from '@rivergate/testing';
import {
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoBarrier } from './barrier.ts';
import { type Browser, heading, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  codeSentTo,
  data,
  foundOrganization,
  join,
  PASSWORD,
  type Person,
  proveDomain,
  signUp,
  withSecondFactor,
} from './person.ts';

const DOMAINS = { saml: 'saml-people.test', oidc: 'openid-people.test' };
/** Nothing listens there: the test looks at the address alone. */
const CALLBACK = 'http://127.0.0.1:1/callback';
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXPLANATION = 'Your organization lets you in through its own sign-in only.';

describe.skipIf(noBrowser)(
  `an organization that people enter by its providers, by the pages${noBrowser ? ` (${noBrowser})` : ''}`,
  () => {
    let names: NameServer;
    let elsewhere: IdentityProviderUnderTest;
    let saml: SamlIdentityProviderUnderTest;
    let fleet: AcceptanceFleet;
    let browser: Browser;
    let url: string;
    let owner: Person;
    let organization: Awaited<ReturnType<typeof foundOrganization>>;
    let app: { client_id: string; client_secret: string };
    beforeAll(async () => {
      names = await startNameServer();
      const limits = ['STANDARD', 'PREMIUM', 'ADMIN', 'LOGIN', 'LOGIN_ADDRESS', 'ORGANIZATION_CREATION'];
      const off = Object.fromEntries(limits.map(name => [`RATE_LIMIT_${name}`, 'off']));
      const env = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address, ...off };
      [fleet, browser] = await Promise.all([startFleet({ host: 'localhost', env }), openBrowser()]);
      url = `http://localhost:${new URL(fleet.url).port}`;
      const client = { client_id: 'rivergate', client_secret: SECRET };
      const redirect_uris = [1, 2].map(id => `${url}/api/v1/sso/providers/${id}/callback`);
      elsewhere = await startIdentityProvider({ clients: [{ ...client, redirect_uris }] });
      saml = await startSamlIdentityProvider();

      owner = await signUp(fleet, 'owner');
      organization = await foundOrganization(owner);
      const { path } = organization;
      owner = owner.with(data(await owner.post(`${path}/switch`, {})));
      for (const domain of Object.values(DOMAINS)) {
        await proveDomain(owner, path, domain, names);
      }
      const make = async (settings: object) =>
        data(await owner.post('/api/v1/sso/providers', settings), 201).provider.id;
      await make({
        provider_type: 'oidc',
        name: 'Acme Login',
        issuer: elsewhere.issuer,
        ...client,
        domains: [DOMAINS.oidc],
      });
      const second = await make({
        provider_type: 'saml',
        name: 'Acme SAML',
        metadata_url: saml.metadataUrl,
        domains: [DOMAINS.saml],
      });
      saml.register((await fleet.caller().get(`/api/v1/sso/providers/${second}/metadata`)).text);
      for (const domain of Object.values(DOMAINS))
        await eventually(
          async () =>
            data(await fleet.caller().post('/api/v1/sso/discover', { domain })).providers.length === 1,
          'the domain',
        );
      const wanted = {
        name: 'Charts',
        grant_types: ['authorization_code', DEVICE_CODE],
        redirect_uris: [CALLBACK],
        scopes: ['read'],
      };
      app = data(await owner.post(`${path}/oauth-applications`, wanted), 201);
    });
    afterAll(async () => {
      await browser?.close();
      await elsewhere?.stop();
      await saml?.stop();
      await fleet?.stop();
      await names?.stop();
    });

    const verifier = randomBytes(32).toString('base64url');
    const asked = () =>
      `${url}/authorize?${new URLSearchParams({
        response_type: 'code',
        client_id: app.client_id,
        redirect_uri: CALLBACK,
        scope: 'read',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      })}`;
    async function send(path: string, fields: Record<string, string>) {
      const body = new URLSearchParams({ ...app, ...fields });
      const answer = await fetch(`${url}/oauth/${path}`, { method: 'POST', body });
      return (await answer.json()) as Record<string, string>;
    }
    async function visit(address: string, options = {}) {
      const opened = await browser.visit(address, options);
      await opened.page.route(`${CALLBACK}**`, route =>
        route.fulfill({ body: 'The app', contentType: 'text/plain' }),
      );
      return opened;
    }
    const press = (page: Page, name: string) =>
      page.getByRole('button', { name, exact: true }).press('Enter');
    async function signIn(page: Page, email: string) {
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(email);
      await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
      await press(page, 'Sign in');
    }
    /** The app acts in the organization, by the code with which the browser came back to it. */
    async function actsByCode(page: Page) {
      await page.waitForURL(`${CALLBACK}**`);
      const code = new URL(page.url()).searchParams.get('code')!;
      const exchanged = { grant_type: 'authorization_code', redirect_uri: CALLBACK, code };
      const { access_token } = await send('token', { ...exchanged, code_verifier: verifier });
      data(await fleet.caller(access_token).get(organization.path));
    }
    const members = async (): Promise<{ email: string }[]> =>
      data(await owner.get(`${organization.path}/members?limit=100`)).members;

    it.each([
      ['SAML', 'Acme SAML', DOMAINS.saml],
      ['OpenID', 'Acme Login', DOMAINS.oidc],
    ])('makes an account and a member of who comes from its %s provider', async (_, name, domain) => {
      const email = `newcomer@${domain}`;
      saml.person = { nameId: email };
      elsewhere.know({ sub: 'newcomer', email, name: 'New Comer' });
      const { page, faults } = await visit(`${url}/sign-in`);
      await page.context().setExtraHTTPHeaders({ 'x-person': 'newcomer' });
      expect((await members()).map(member => member.email)).not.toContain(email);
      await page.getByRole('textbox', { name: 'Email', exact: true }).fill(email);
      await page.keyboard.press('Tab');
      await press(page, `Continue with ${name}`);
      await page.waitForURL(`${url}/account`);
      await page.getByText(email).first().waitFor();
      await page.getByText(`${organization.name} (active)`).waitFor();
      await eventually(async () => (await members()).some(member => member.email === email), 'the member');
      expect(faults).toEqual([]);
    });

    describe('once it lets people in in no other way', () => {
      let people = 0;
      /** Signs in by password until now. */
      async function member() {
        const person = await signUp(fleet, `member${++people}`, 'Grace', DOMAINS.saml);
        await join(owner, person, organization, 'Developer');
        saml.person = { nameId: person.email };
        return person;
      }
      /** Whoever has an account already proves once that it is theirs. */
      async function connect(page: Page) {
        await heading(page, 'Is this account yours?');
        await page.getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
        await press(page, 'Sign in');
      }
      /** What a page shows that leads to the provider. */
      async function explained(page: Page, email: string) {
        await page.getByText(EXPLANATION).waitFor();
        expect(await page.getByRole('textbox', { name: 'Email', exact: true }).inputValue()).toBe(email);
        await page.getByRole('button', { name: 'Continue with Acme SAML' }).waitFor();
        await expectNoBarrier(page);
      }

      let waiting: Person[];
      beforeAll(async () => {
        waiting = [await member(), await member(), await member()];
        owner = await withSecondFactor(fleet, owner);
        owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
        const path = `/api/v1/sso/enforcement/enforce/${organization.id}`;
        data(await owner.post(path, { enforce: true, break_glass_user_ids: [owner.id] }));
        const { email } = waiting[0]!;
        await eventually(async () => {
          const named = { email, password: PASSWORD, workspace_id: organization.workspaceId };
          return (await fleet.caller().post('/api/v1/auth/login', named)).status === 403;
        }, 'the requirement to hold');
      });
      const next = () => {
        const person = waiting.pop()!;
        saml.person = { nameId: person.email };
        return person;
      };

      it.each([
        [360, 'dark'],
        [1280, 'light'],
      ] as const)(
        'leads from an app by the provider back to it, at %i pixels in %s',
        async (width, colorScheme) => {
          const person = width === 360 ? next() : waiting[0]!;
          saml.person = { nameId: person.email };
          const { page, faults } = await visit(asked(), { width, colorScheme });
          await signIn(page, person.email);
          await heading(page, 'May Charts act for you?');
          await press(page, 'Allow');
          await explained(page, person.email);
          await press(page, 'Continue with Acme SAML');
          await connect(page);
          await heading(page, 'May Charts act for you?');
          await press(page, 'Allow');
          await actsByCode(page);
          expect(faults).toEqual([]);
        },
      );

      it('leads from a device by the provider back to it', async () => {
        const person = next();
        const codes = await send('device_authorization', { scope: 'read' });
        const { page, faults } = await visit(`${url}/device`);
        async function allow() {
          await heading(page, 'Enter the code that your device shows');
          await page.getByLabel('Code of 8 letters').fill(codes.user_code!);
          await press(page, 'Go on');
          await heading(page, 'Does your device show this code?');
          await page.getByRole('checkbox', { name: /^My own device shows exactly this code/ }).check();
          await press(page, 'Allow');
        }
        await signIn(page, person.email);
        await allow();
        await explained(page, person.email);
        await press(page, 'Continue with Acme SAML');
        await connect(page);
        await page.waitForURL(`${url}/device`);
        await allow();
        await heading(page, 'Your device is connected');
        const token = { grant_type: DEVICE_CODE, device_code: codes.device_code! };
        const { access_token } = await send('token', token);
        data(await fleet.caller(access_token).get(organization.path));
        expect(faults).toEqual([]);
      });

      it('says so in the account, with a link to the sign-in, by which the person comes to act there', async () => {
        const person = waiting[0]!;
        saml.person = { nameId: person.email };
        const { page, faults } = await visit(`${url}/account`, { width: 360 });
        await signIn(page, person.email);
        await press(page, `Switch to ${organization.name}`);
        await page.getByText('This organization lets people in through its own sign-in only.').waitFor();
        await expectNoBarrier(page);
        await page.getByRole('link', { name: 'Go to the sign-in' }).press('Enter');
        await page.waitForURL(`${url}/sign-in`);
        await page.getByRole('textbox', { name: 'Email', exact: true }).fill(person.email);
        await page.keyboard.press('Tab');
        await press(page, 'Continue with Acme SAML');
        await page.waitForURL(`${url}/account`);
        await page.getByText(`${organization.name} (active)`).waitFor();
        expect(faults).toEqual([]);
      });

      it('lets in the administrator who is named for that, by password and code', async () => {
        const sent = () => codeSentTo(fleet, owner.email, 'enter this code to sign in');
        const before = await sent();
        const { page, faults } = await visit(asked());
        await signIn(page, owner.email);
        const field = page.getByLabel('Code that was mailed to you');
        await field.waitFor();
        await eventually(async () => (await sent()) !== before, 'another code');
        await field.fill(await sent());
        await press(page, 'Go on');
        await heading(page, 'May Charts act for you?');
        await press(page, 'Allow');
        await actsByCode(page);
        expect(faults).toEqual([]);
      });
    });
  },
);
