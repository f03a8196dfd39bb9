import { startTestRedis, type TestRedis } from '@rivergate/caller/test-redis';
import { connectRedis, type RedisClient } from '@rivergate/redis';
import { testPysaml2 } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pysaml2IdentityProvider, startPysaml2 } from '../testing/pysaml2-identity-provider.ts';
import { signingKey } from '../testing/saml-keys.ts';
import { inBase64 } from '../testing/saml-messages.ts';
import { refusalOf } from '../testing/saml-scene.ts';
import {
  checkLogoutRequest,
  checkLogoutResponse,
  checkResponse,
  loginRequest,
  logoutRequest,
  type Parties,
  readMetadata,
  rememberRequest,
  serviceProviderMetadata,
} from './index.ts';

const python = await testPysaml2();
const ENTITY = 'https://pysaml2.test/idp';

describe.skipIf(python.reason !== undefined)('pysaml2, with xmlsec1, as identity provider', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let elsewhere: Pysaml2IdentityProvider;
  let parties: Parties;

  beforeAll(async () => {
    const [key, ours] = await Promise.all([signingKey(), signingKey('service provider')]);
    const serviceProvider = {
      entityId: 'https://rivergate.test/saml',
      assertionConsumerUrl: 'https://rivergate.test/saml/acs',
      logoutUrl: 'https://rivergate.test/saml/logout',
      keys: [ours],
    };
    const metadata = serviceProviderMetadata(serviceProvider, { signsRequests: true, encryption: true });
    elsewhere = await startPysaml2(python.value!, ENTITY, key, metadata);
    server = await startTestRedis();
    redis = connectRedis(server.url, { warn() {} }, 'waits');
    const { entityId, singleSignOn, certificates, singleLogout } = readMetadata(
      (await elsewhere.ask({ do: 'metadata' })).xml!,
    );
    parties = {
      serviceProvider,
      identityProvider: {
        entityId,
        ssoUrl: singleSignOn.redirect!,
        logout: { binding: 'redirect', url: singleLogout.redirect! },
        certificates: certificates.map(({ pem }) => pem),
        idpInitiated: false,
      },
    };
  }, 60_000);

  afterAll(async () => {
    await elsewhere.stop();
    redis.disconnect();
    await server.stop();
  });

  async function sent(kind: 'login' | 'logout', id: string): Promise<void> {
    const names = { issuer: ENTITY, audience: parties.serviceProvider.entityId };
    await rememberRequest(redis, { kind, ...names, id }, 'state');
  }
  const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

  async function login(more: object): Promise<string> {
    const { id, url } = loginRequest(parties, { sign: true, relayState: `it's(here)` });
    await sent('login', id);
    const asked = {
      do: 'login',
      query: queryOf(url),
      sign_response: false,
      sign_assertion: true,
      encrypt: false,
    };
    return (await elsewhere.ask({ ...asked, ...more })).xml!;
  }
  const check = (xml: string) => checkResponse(inBase64(xml), parties, redis);

  it.each([
    { sign_assertion: true, sign_response: false },
    { sign_assertion: false, sign_response: true },
    { sign_assertion: true, sign_response: true },
  ])('takes our signed request, and its answer is taken: %o', async signing => {
    expect(await check(await login(signing))).toMatchObject({
      nameId: 'ada@example.com',
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      issuer: ENTITY,
      request: 'state',
      sessionIndex: expect.stringMatching(/^id-/),
    });
  });

  it('is understood in what it says of a person', async () => {
    const { attributes } = await check(await login({}));
    expect(Object.values(attributes).flat().toSorted()).toEqual(['Ada Łovelace & more', 'ada@example.com']);
  });

  it('is refused where its answer was changed, or is not signed', async () => {
    const xml = await login({});
    expect(await refusalOf(check(xml.replace('ada@example.com', 'mallory@example.com')))).toBe(
      'INVALID_SIGNATURE',
    );
    expect(await refusalOf(check(await login({ sign_assertion: false })))).toBe('UNSIGNED');
  });

  it.each([
    { sign_assertion: true, sign_response: false },
    { sign_assertion: true, sign_response: true },
    { sign_assertion: false, sign_response: true },
  ])('is taken where xmlsec1 encrypts by AES-GCM: %o', async signing => {
    const encrypted = await login({ do: 'login_by_aes_gcm', encrypt: true, ...signing });
    expect(encrypted).not.toContain('ada@example.com');
    expect(await check(encrypted)).toMatchObject({ nameId: 'ada@example.com' });
  });

  it('is refused where it encrypts as it does by itself, with Triple-DES', async () => {
    const encrypted = await login({ encrypt: true, sign_response: true });
    expect(encrypted).toContain('tripledes-cbc');
    expect(await refusalOf(check(encrypted))).toBe('WEAK_ENCRYPTION');
  });

  it('takes our request to log out, and its answer is taken', async () => {
    const person = { nameId: 'ada@example.com', nameIdFormat: 'urn:x', sessionIndex: 'session-1' };
    const { id, sending } = logoutRequest(
      person,
      { ...parties, logout: parties.identityProvider.logout! },
      'here',
    );
    await sent('logout', id);
    const destination = parties.serviceProvider.logoutUrl;
    const { name_id, location } = await elsewhere.ask({
      do: 'answer_logout',
      query: queryOf(sending.url),
      destination,
    });
    expect(name_id).toBe('ada@example.com');
    const received = { binding: 'redirect', query: new URL(location!).search.slice(1) } as const;
    expect(await checkLogoutResponse(received, parties, redis)).toEqual({
      inResponseTo: id,
      request: 'state',
      ended: true,
      partly: false,
      relayState: 'here',
    });
  });

  it('asks to log out, and is taken', async () => {
    const { xml } = await elsewhere.ask({ do: 'ask_logout', destination: parties.serviceProvider.logoutUrl });
    const fields = { SAMLRequest: inBase64(xml!) };
    expect(await checkLogoutRequest({ binding: 'post', fields }, parties, redis)).toMatchObject({
      nameId: 'ada@example.com',
      sessionIndexes: ['session-1'],
    });
  });
});
