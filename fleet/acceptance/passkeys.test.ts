import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, noBrowser, openBrowser } from './browser.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { signUp } from './person.ts';
import { addAuthenticator } from './virtual-authenticator.ts';

/** What a page of the platform does with passkeys; it runs in the browser. */
const PAGE = `
  const api = async (path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: 'Bearer ' + token } : {}) };
    const response = await fetch('/api/v1/webauthn/' + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()).data;
  };
  globalThis.register = async (token, device_name) => {
    const options = await api('register/start', { device_name }, token);
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    const credential = (await navigator.credentials.create({ publicKey })).toJSON();
    return api('register/complete', { credential, device_name }, token);
  };
  globalThis.logIn = async (email, change = {}) => {
    const options = { ...(await api('authenticate/start', { email })), ...change };
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = (await navigator.credentials.get({ publicKey })).toJSON();
    return api('authenticate/complete', { credential, email });
  };
`;

describe.skipIf(noBrowser)(`passkeys in a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  let fleet: AcceptanceFleet;
  let browser: Browser;
  beforeAll(async () => {
    // No address of numbers can have passkeys.
    [fleet, browser] = await Promise.all([startFleet({ host: 'localhost' }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  it('a resident passkey is registered and logs in, offered by id and found by the browser itself', async () => {
    const person = await signUp(fleet, 'keeper');
    const { page, faults } = await browser.visit(`http://localhost:${new URL(fleet.url).port}/verify-email`);
    const { devtools, authenticatorId } = await addAuthenticator(page);
    await page.evaluate(PAGE);
    const inPage = (call: string, ...values: unknown[]) =>
      page.evaluate(`${call}(...${JSON.stringify(values)})`) as Promise<Record<string, unknown>>;

    const registered = await inPage('register', person.tokens.access_token, 'Laptop');
    expect(registered).toMatchObject({ credential_id: expect.any(Number), device_name: 'Laptop' });
    const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
    expect(credentials).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);

    for (const change of [{}, { allowCredentials: [] }]) {
      const tokens = await inPage('logIn', person.email, change);
      expect(tokens).toMatchObject({ user_id: person.id, access_token: expect.any(String) });
      const me = await fleet.caller(tokens.access_token as string).get('/api/v1/auth/me');
      expect(me.body.data.user.id).toBe(person.id);
    }
    const { body } = await person.get('/api/v1/webauthn/credentials');
    expect(body.data.credentials).toMatchObject([{ id: registered.credential_id, usage_count: 2 }]);
    expect(faults).toEqual([]);

    const origins = await fleet.caller().get('/.well-known/webauthn');
    expect(origins.body).toEqual({ origins: [new URL(page.url()).origin] });
  });
});
