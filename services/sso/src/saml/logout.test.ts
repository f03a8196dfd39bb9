import { createSign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import { newId } from '../testing/saml-messages.ts';
import { refusalOf, type SamlScene, samlScene } from '../testing/saml-scene.ts';
import { checkLogoutRequest, checkLogoutResponse, type Received } from './check-logout.ts';
import { logoutRequest, logoutResponse } from './logout.ts';
import type { LogoutEndpoint, Parties } from './parties.ts';
import { byPost, byRedirect, message, type Sending } from './send.ts';
import { rememberRequest } from './used-once.ts';
import { element } from './xml-text.ts';

let scene: SamlScene;
/** As the identity provider sees it: it is the one that sends, to our logout URL. */
let mirrored: Parties;
beforeAll(async () => {
  scene = await samlScene();
  const { identityProvider, serviceProvider, key } = scene;
  mirrored = {
    serviceProvider: { ...serviceProvider, entityId: identityProvider.entityId, keys: [key] },
    identityProvider: {
      ...identityProvider,
      entityId: serviceProvider.entityId,
      certificates: serviceProvider.keys.map(({ certificate }) => certificate),
    },
  };
});
afterAll(async () => await scene.stop());

const ADA = {
  nameId: 'ada@example.com',
  nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  sessionIndex: 'session-1',
};
const BINDINGS = ['redirect', 'post'] as const;

const received = (sending: Sending): Received =>
  sending.binding === 'redirect'
    ? { binding: 'redirect', query: new URL(sending.url).search.slice(1) }
    : { binding: 'post', fields: sending.fields };
const to = (binding: 'redirect' | 'post'): LogoutEndpoint => ({
  binding,
  url: scene.serviceProvider.logoutUrl,
});
const asked = (binding: 'redirect' | 'post', relayState?: string) =>
  logoutRequest(ADA, { ...mirrored, logout: to(binding) }, relayState);
const checkRequest = (message: Received, more: Partial<Parties> = {}) =>
  checkLogoutRequest(message, { ...scene, ...more }, scene.redis);
const checkResponse = (message: Received) => checkLogoutResponse(message, scene, scene.redis);

async function sent(state = 'state'): Promise<string> {
  const id = newId();
  const names = { issuer: scene.identityProvider.entityId, audience: scene.serviceProvider.entityId };
  await rememberRequest(scene.redis, { kind: 'logout', ...names, id }, state);
  return id;
}
const answered = async (binding: 'redirect' | 'post', ended = true, id?: string) =>
  logoutResponse({ id: id ?? (await sent()), relayState: 'a b~c' }, ended, {
    ...mirrored,
    logout: to(binding),
  });

/** A request whose text the test writes, signed as it should be. */
function written(
  binding: 'redirect' | 'post',
  attributes: Record<string, string | undefined>,
  name = 'LogoutRequest',
  content = element('saml:NameID', {}, 'ada'),
) {
  const id = newId();
  const { serviceProvider } = mirrored;
  const xml = message(
    name,
    id,
    serviceProvider,
    { Destination: scene.serviceProvider.logoutUrl, ...attributes },
    content,
  );
  const by = binding === 'post' ? byPost : byRedirect;
  return received(
    by(scene.serviceProvider.logoutUrl, { field: 'SAMLRequest', id, xml }, serviceProvider.keys[0]),
  );
}

describe.each(BINDINGS)('a logout message by %s', binding => {
  it('asks to end a session, and is understood', async () => {
    const { id, sending } = asked(binding, 'a b~c');
    expect(await checkRequest(received(sending))).toEqual({
      id,
      nameId: 'ada@example.com',
      nameIdFormat: ADA.nameIdFormat,
      sessionIndexes: ['session-1'],
      relayState: 'a b~c',
    });
  });

  it('answers a request of ours, once', async () => {
    for (const ended of [true, false]) {
      const id = await sent('where it goes on');
      const message = received(await answered(binding, ended, id));
      expect(await checkResponse(message)).toEqual({
        inResponseTo: id,
        request: 'where it goes on',
        ended,
        partly: false,
        relayState: 'a b~c',
      });
      expect(await refusalOf(checkResponse(message))).toBe('UNKNOWN_REQUEST');
    }
    expect(await refusalOf(checkResponse(received(await answered(binding, true, newId()))))).toBe(
      'UNKNOWN_REQUEST',
    );
  });

  it('counts once: of ten at once one is taken', async () => {
    const message = received(asked(binding).sending);
    const ten = Array.from({ length: 10 }, () => refusalOf(checkRequest(message)));
    expect((await Promise.all(ten)).toSorted()).toEqual([...Array(9).fill('REPLAYED'), 'taken']);
  });

  it('is refused where nobody trusted has signed it', async () => {
    const [key] = [await signingKey('mallory')];
    const strangers = { ...mirrored, serviceProvider: { ...mirrored.serviceProvider, keys: [key] } };
    const { sending } = logoutRequest(ADA, { ...strangers, logout: to(binding) });
    expect(await refusalOf(checkRequest(received(sending)))).toBe('INVALID_SIGNATURE');
    const id = newId();
    const xml = message('LogoutRequest', id, mirrored.serviceProvider, {
      Destination: scene.serviceProvider.logoutUrl,
    });
    const unsigned = (binding === 'post' ? byPost : byRedirect)(scene.serviceProvider.logoutUrl, {
      field: 'SAMLRequest',
      id,
      xml,
    });
    expect(await refusalOf(checkRequest(received(unsigned)))).toBe('UNSIGNED');
  });

  it.each([
    ['for another URL', 'WRONG_DESTINATION', { Destination: 'https://other.test' }],
    ['for no URL', 'WRONG_DESTINATION', { Destination: undefined }],
    ['that was good until long ago', 'EXPIRED', { NotOnOrAfter: '2020-01-01T00:00:00Z' }],
    ['from long ago', 'EXPIRED', { IssueInstant: '2020-01-01T00:00:00Z' }],
    ['from the future', 'NOT_YET_VALID', { IssueInstant: '2999-01-01T00:00:00Z' }],
    ['of another version', 'MALFORMED_MESSAGE', { Version: '1.1' }],
  ])('is refused %s', async (_, code, attributes) => {
    expect(await refusalOf(checkRequest(written(binding, attributes)))).toBe(code);
  });

  it('is refused from another issuer, without a name, and where it is of another kind', async () => {
    const other = { ...scene.identityProvider, entityId: 'https://other.test' };
    expect(await refusalOf(checkRequest(received(asked(binding).sending), { identityProvider: other }))).toBe(
      'WRONG_ISSUER',
    );
    expect(
      await refusalOf(checkRequest(written(binding, {}, 'LogoutRequest', element('saml:BaseID', {})))),
    ).toBe('INCOMPLETE_ASSERTION');
    expect(await refusalOf(checkRequest(written(binding, {}, 'AuthnRequest')))).toBe('UNEXPECTED_MESSAGE');
    expect(await refusalOf(checkRequest(received(await answered(binding))))).toBe('UNEXPECTED_MESSAGE');
    expect(await refusalOf(checkResponse(received(asked(binding).sending)))).toBe('UNEXPECTED_MESSAGE');
  });
});

describe('a query', () => {
  const query = () => new URL(asked('redirect', 'state').sending.url).search.slice(1);
  const check = (text: string) => refusalOf(checkRequest({ binding: 'redirect', query: text }));

  it('is refused with anything in it changed, taken off or put twice', async () => {
    const original = query();
    const without = (name: string) => original.replace(new RegExp(`&${name}=[^&]*`), '');
    expect(await check(original.replace('RelayState=state', 'RelayState=other'))).toBe('INVALID_SIGNATURE');
    expect(await check(without('RelayState'))).toBe('INVALID_SIGNATURE');
    expect(await check(without('Signature'))).toBe('UNSIGNED');
    expect(await check(without('SigAlg'))).toBe('UNSIGNED');
    expect(await check(`${original}&RelayState=other`)).toBe('MALFORMED_MESSAGE');
    expect(await check(`SAMLRequest=x&${original}`)).toBe('MALFORMED_MESSAGE');
    expect(await check(`SAML%52equest=x&${original}`)).toBe('MALFORMED_MESSAGE');
    expect(await check(`SAMLResponse=x&${original}`)).toBe('UNEXPECTED_MESSAGE');
    expect(await check('%')).toBe('MALFORMED_MESSAGE');
    expect(await check('')).toBe('UNEXPECTED_MESSAGE');
    expect(await check(original)).toBe('taken');
  });

  it.each(['md5', 'sha1'])('is refused with a signature by RSA with %s', async hash => {
    const [unsigned] = query().split('&SigAlg=');
    const algorithm =
      hash === 'md5'
        ? 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5'
        : 'http://www.w3.org/2000/09/xmldsig#rsa-sha1';
    const text = `${unsigned}&SigAlg=${encodeURIComponent(algorithm)}`;
    const signature = createSign(hash).update(text).sign(scene.key.privateKey, 'base64');
    expect(await check(`${text}&Signature=${encodeURIComponent(signature)}`)).toBe('WEAK_ALGORITHM');
  });

  it('is taken with parameters of others in it, and signed as another encoder would write it', async () => {
    expect(await check(`utm=1&${query()}&x=1`)).toBe('taken');
    const lower = query()
      .split('&SigAlg=')[0]!
      .replace(/%[0-9A-F]{2}/g, encoded => encoded.toLowerCase());
    const text = `${lower}&SigAlg=http%3a%2f%2fwww.w3.org%2f2001%2f04%2fxmldsig-more%23rsa-sha256`;
    const signature = createSign('sha256').update(text).sign(scene.key.privateKey, 'base64');
    expect(await check(`${text}&Signature=${encodeURIComponent(signature)}`)).toBe('taken');
  });

  it('is refused where it inflates to more than 256 KB, before all of that is there', async () => {
    const id = newId();
    const xml = `<x>${'x'.repeat(3_000_000)}</x>`;
    const sending = byRedirect(scene.serviceProvider.logoutUrl, { field: 'SAMLRequest', id, xml }, scene.key);
    expect(await refusalOf(checkRequest(received(sending)))).toBe('TOO_LARGE');
  });

  it('is refused with a signature inside', async () => {
    const posted = asked('post').sending as Extract<Sending, { binding: 'post' }>;
    const xml = Buffer.from(posted.fields.SAMLRequest!, 'base64').toString();
    const sending = byRedirect(
      scene.serviceProvider.logoutUrl,
      { field: 'SAMLRequest', id: newId(), xml },
      scene.key,
    );
    expect(await refusalOf(checkRequest(received(sending)))).toBe('MISPLACED_SIGNATURE');
  });
});
