import { startTestRedis, type TestRedis } from '@rivergate/caller/test-redis';
import { connectRedis, type RedisClient } from '@rivergate/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import { signingKey } from '../testing/saml-keys.ts';
import { refusalOf } from '../testing/saml-scene.ts';
import {
  checkLogoutRequest,
  checkLogoutResponse,
  checkResponse,
  type IdentityProvider,
  type LoginRequestOptions,
  loginRequest,
  logoutRequest,
  logoutResponse,
  readMetadata,
  rememberRequest,
  type ServiceProvider,
  serviceProviderMetadata,
} from './index.ts';
import { verifiedQuery } from './redirect-signature.ts';

let idp: SamlIdentityProviderUnderTest;
let server: TestRedis;
let redis: RedisClient;
let serviceProvider: ServiceProvider;

beforeAll(async () => {
  [idp, server] = await Promise.all([startSamlIdentityProvider(), startTestRedis()]);
  redis = connectRedis(server.url, { warn() {} }, 'waits');
  serviceProvider = {
    entityId: 'https://rivergate.test/saml',
    assertionConsumerUrl: 'https://rivergate.test/saml/acs',
    logoutUrl: 'https://rivergate.test/saml/logout',
    keys: [await signingKey('service provider')],
  };
  idp.register(serviceProviderMetadata(serviceProvider, { encryption: true }));
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([idp.stop(), server.stop()]);
});
beforeEach(() => {
  idp.behaviour = { sign: 'assertion', encrypt: false, says: {} };
});

/** The identity provider, as its metadata tells of it now. */
async function identityProvider(more: Partial<IdentityProvider> = {}): Promise<IdentityProvider> {
  const { entityId, singleSignOn, singleLogout, certificates } = readMetadata(
    await (await fetch(idp.metadataUrl)).text(),
  );
  return {
    entityId,
    ssoUrl: singleSignOn.redirect!,
    logout: { binding: 'redirect', url: singleLogout.redirect! },
    certificates: certificates.map(({ pem }) => pem),
    idpInitiated: false,
    ...more,
  };
}

async function begin(provider: IdentityProvider, options: LoginRequestOptions = {}): Promise<string> {
  const { id, url } = loginRequest({ identityProvider: provider, serviceProvider }, options);
  const names = { issuer: provider.entityId, audience: serviceProvider.entityId };
  await rememberRequest(redis, { kind: 'login', ...names, id }, `state of ${id}`);
  return url;
}
const finish = (provider: IdentityProvider, fields: Record<string, string>) =>
  checkResponse(fields.SAMLResponse!, { identityProvider: provider, serviceProvider }, redis);

describe('a login', () => {
  it.each([
    { sign: 'assertion', encrypt: false },
    { sign: 'response', encrypt: true },
    { sign: 'both', encrypt: true },
  ] as const)('goes there and back: %o', async behaviour => {
    idp.behaviour = { ...behaviour, says: {} };
    idp.person = { nameId: 'ada@example.com', attributes: { email: ['ada@example.com'] } };
    const provider = await identityProvider();
    const { action, fields } = await idp.signIn(await begin(provider, { relayState: 'a b&c' }));
    expect(action).toBe(serviceProvider.assertionConsumerUrl);
    expect(fields.RelayState).toBe('a b&c');
    const login = await finish(provider, fields);
    expect(login).toMatchObject({ nameId: 'ada@example.com', attributes: { email: ['ada@example.com'] } });
    expect(login.request).toBe(`state of ${login.inResponseTo}`);
  });

  it('asks for what it was told to, and nothing else', async () => {
    const provider = await identityProvider();
    const format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
    await idp.signIn(await begin(provider, { forceAuthn: true, nameIdFormat: format }));
    await idp.signIn(await begin(provider));
    const [forced, plain] = idp.asked.slice(-2);
    expect(Object.fromEntries(forced!.attributes)).toEqual({
      ID: expect.stringMatching(/^_[0-9a-f-]{36}$/),
      Version: '2.0',
      IssueInstant: expect.any(String),
      Destination: provider.ssoUrl,
      AssertionConsumerServiceURL: serviceProvider.assertionConsumerUrl,
      ProtocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
      ForceAuthn: 'true',
    });
    expect(Object.fromEntries(forced!.children[1]!.attributes)).toEqual({
      Format: format,
      AllowCreate: 'true',
    });
    expect(plain!.attributes.has('ForceAuthn')).toBe(false);
    expect(plain!.attributes.get('ID')).not.toBe(forced!.attributes.get('ID'));
  });

  it('is asked for with a signature where that is wished for', async () => {
    const provider = await identityProvider({ ssoUrl: `${idp.ssoUrl}?tenant=1` });
    const certificates = serviceProvider.keys.map(({ certificate }) => certificate);
    const queryOf = (url: string) => new URL(url).search.slice(1);
    const signed = queryOf(await begin(provider, { sign: true, relayState: `(it's) a~b*c!` }));
    expect(verifiedQuery(signed, 'SAMLRequest', certificates).relayState).toBe(`(it's) a~b*c!`);
    expect(signed).toMatch(/^tenant=1&SAMLRequest=/);
    expect(queryOf(await begin(provider))).not.toContain('Signature');
    const keyless = { identityProvider: provider, serviceProvider: { ...serviceProvider, keys: [] } };
    expect(() => loginRequest(keyless, { sign: true })).toThrow('no key');
  });

  it('begins there where the provider allows it', async () => {
    const { fields } = await idp.signIn(idp.startUrl('/board'));
    expect(fields.RelayState).toBe('/board');
    expect(await refusalOf(finish(await identityProvider(), fields))).toBe('UNSOLICITED');
    const allowing = await identityProvider({ idpInitiated: true });
    expect(await finish(allowing, fields)).toMatchObject({ inResponseTo: null, request: null });
    expect(await refusalOf(finish(allowing, fields))).toBe('REPLAYED');
  });

  it('goes on while the identity provider changes its key, and ends with the old one', async () => {
    const before = await identityProvider();
    const login = async (provider: IdentityProvider) =>
      refusalOf(finish(provider, (await idp.signIn(await begin(provider))).fields));
    await idp.rotate();
    expect(await login(before)).toBe('INVALID_SIGNATURE');
    const during = await identityProvider();
    expect(during.certificates).toHaveLength(2);
    expect(await login(during)).toBe('taken');
    idp.dropOldKeys();
    expect(await login(during)).toBe('taken');
    expect((await identityProvider()).certificates).toHaveLength(1);
  });
});

describe('a logout', () => {
  it('that we begin is answered', async () => {
    const provider = await identityProvider();
    const parties = { identityProvider: provider, serviceProvider };
    const person = { nameId: 'ada@example.com', nameIdFormat: 'urn:x', sessionIndex: 'session-1' };
    const { id, sending } = logoutRequest(
      person,
      { ...parties, logout: provider.logout! },
      'where it goes on',
    );
    const names = { issuer: provider.entityId, audience: serviceProvider.entityId };
    await rememberRequest(redis, { kind: 'logout', ...names, id }, 'state');
    const answered = await fetch(sending.url, { redirect: 'manual' });
    const location = new URL(answered.headers.get('location')!);
    expect(location.origin + location.pathname).toBe(serviceProvider.logoutUrl);
    const received = { binding: 'redirect', query: location.search.slice(1) } as const;
    expect(await checkLogoutResponse(received, parties, redis)).toEqual({
      inResponseTo: id,
      request: 'state',
      ended: true,
      partly: false,
      relayState: 'where it goes on',
    });
  });

  it('that the identity provider begins is taken and answered', async () => {
    const provider = await identityProvider({
      logout: { binding: 'post', url: `${new URL(idp.ssoUrl).origin}/slo` },
    });
    const parties = { identityProvider: provider, serviceProvider };
    const sending = idp.logout('post');
    if (sending.binding !== 'post') return expect.fail('not by post');
    const asked = await checkLogoutRequest({ binding: 'post', fields: sending.fields }, parties, redis);
    expect(asked).toMatchObject({ nameId: idp.person.nameId, sessionIndexes: ['session-1'] });
    const answer = logoutResponse(asked, true, { ...parties, logout: provider.logout! });
    if (answer.binding !== 'post') return expect.fail('not by post');
    const answered = await fetch(answer.url, { method: 'POST', body: new URLSearchParams(answer.fields) });
    expect(await answered.text()).toContain('Signed out');
    expect(idp.asked.at(-1)!.attributes.get('InResponseTo')).toBe(asked.id);
  });
});
