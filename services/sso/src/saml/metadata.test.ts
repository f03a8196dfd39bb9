import { beforeAll, describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import { refusalOf } from '../testing/saml-scene.ts';
import { readMetadata } from './metadata.ts';
import type { ServiceProvider } from './parties.ts';
import { serviceProviderMetadata } from './service-provider-metadata.ts';
import { parseXml } from './xml.ts';

const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
let certificate: string;
let next: string;
let expired: string;
beforeAll(async () => {
  const keys = [
    signingKey(),
    signingKey('next'),
    signingKey('old', { notAfterDate: new Date('2020-01-01') }),
  ];
  [certificate, next, expired] = (await Promise.all(keys)).map(key => base64Of(key.certificate)) as [
    string,
    string,
    string,
  ];
});

const key = (text: string, use = ' use="signing"') =>
  `<md:KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${text}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const service = (name: string, binding: string, location: string, more = '') =>
  `<md:${name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"${more}/>`;
const NAMESPACES =
  'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
const entity = (content: string, { id = 'https://idp.test', attributes = '' } = {}) =>
  `<md:EntityDescriptor ${NAMESPACES} entityID="${id}"${attributes}><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${content}</md:IDPSSODescriptor></md:EntityDescriptor>`;
const sso = service('SingleSignOnService', 'HTTP-Redirect', 'https://idp.test/sso');
const refused = (text: string, entityId?: string) =>
  refusalOf(Promise.resolve().then(() => readMetadata(text, { ...(entityId && { entityId }) })));

describe('metadata of an identity provider', () => {
  it('tells where to go, which certificates sign, and for how long it is good', () => {
    const text = entity(
      key(certificate) +
        key(next, '') +
        key(expired) +
        key('no certificate', ' use="encryption"') +
        service(
          'SingleLogoutService',
          'HTTP-POST',
          'https://idp.test/logout',
          ' ResponseLocation="https://idp.test/ended"',
        ) +
        service('SingleLogoutService', 'SOAP', 'https://idp.test/soap') +
        sso +
        service('SingleSignOnService', 'HTTP-POST', 'https://idp.test/post'),
      { attributes: ' validUntil="2999-01-01T00:00:00Z" cacheDuration="P1DT2H3M4S"' },
    );
    expect(readMetadata(`\uFEFF<?xml version="1.0"?><!-- made by hand -->${text}`)).toEqual({
      entityId: 'https://idp.test',
      singleSignOn: { redirect: 'https://idp.test/sso', post: 'https://idp.test/post' },
      singleLogout: { redirect: null, post: 'https://idp.test/logout' },
      singleLogoutResponse: { redirect: null, post: 'https://idp.test/ended' },
      fingerprints: [expect.any(String), expect.any(String), expect.any(String)],
      certificates: [
        expect.objectContaining({ fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) }),
        expect.anything(),
      ],
      wantAuthnRequestsSigned: true,
      validUntil: new Date('2999-01-01T00:00:00Z'),
      cacheSeconds: 93_784,
    });
  });

  it('of several is the one that was asked for, and none where that was not said', () => {
    const both = ['https://idp.test', 'https://other.test']
      .map(id => entity(key(certificate) + sso, { id }))
      .join('');
    const text = `<md:EntitiesDescriptor ${NAMESPACES} validUntil="2998-01-01T00:00:00Z"><md:EntitiesDescriptor>${both}</md:EntitiesDescriptor></md:EntitiesDescriptor>`;
    expect(readMetadata(text, { entityId: 'https://other.test' })).toMatchObject({
      entityId: 'https://other.test',
      validUntil: new Date('2998-01-01T00:00:00Z'),
    });
    expect(() => readMetadata(text)).toThrow(expect.objectContaining({ code: 'SEVERAL_ENTITIES' }));
  });

  it.each<[string, string, () => string]>([
    ['that is a page', 'MALFORMED_METADATA', () => '<html><p>Sign in<br></html>'],
    ['that is empty', 'MALFORMED_METADATA', () => ''],
    [
      'of a service provider',
      'MALFORMED_METADATA',
      () => entity(key(certificate) + sso).replaceAll('IDPSSO', 'SPSSO'),
    ],
    [
      'of SAML 1.1',
      'MALFORMED_METADATA',
      () => entity(key(certificate) + sso).replace('2.0:protocol', '1.1:protocol'),
    ],
    ['without a certificate', 'MALFORMED_METADATA', () => entity(sso)],
    ['with expired certificates alone', 'EXPIRED_CERTIFICATE', () => entity(key(expired) + sso)],
    ['with what is no certificate', 'MALFORMED_CERTIFICATE', () => entity(key('x') + sso)],
    [
      'with a URL that is a script',
      'MALFORMED_METADATA',
      () => entity(key(certificate) + service('SingleSignOnService', 'HTTP-Redirect', 'javascript:alert(1)')),
    ],
    [
      'that was good until yesterday',
      'EXPIRED_METADATA',
      () => entity(key(certificate) + sso, { attributes: ' validUntil="2020-01-01T00:00:00Z"' }),
    ],
    [
      'with entities of its own',
      'FORBIDDEN_MARKUP',
      () => `<!DOCTYPE x [<!ENTITY a "b">]>${entity(key(certificate) + sso)}`,
    ],
    ['that is a bomb of levels', 'TOO_LARGE', () => '<a>'.repeat(41)],
    [
      'that is larger than 256 KB',
      'TOO_LARGE',
      () => entity(key(certificate) + sso).replace(certificate, 'A'.repeat(262_144)),
    ],
  ])('is refused %s', async (_, code, text) => {
    expect(await refused(text())).toBe(code);
  });

  it('is refused where it is about somebody else than was asked for', async () => {
    expect(await refused(entity(key(certificate) + sso), 'https://other.test')).toBe('MALFORMED_METADATA');
  });
});

describe('metadata of the service provider', () => {
  it('publishes all keys, encryption where that is wished for, and logout where there is a key', async () => {
    const keys = await Promise.all([signingKey(), signingKey('next')]);
    const provider: ServiceProvider = {
      entityId: 'https://rivergate.test/saml?a=1&b=2',
      assertionConsumerUrl: 'https://rivergate.test/acs',
      logoutUrl: 'https://rivergate.test/logout',
      keys,
    };
    const uses = (text: string) =>
      parseXml(text).children[0]!.children.map(({ name, attributes }) =>
        [name, attributes.get('use')].filter(Boolean).join(' '),
      );
    const text = serviceProviderMetadata(provider, { encryption: true });
    expect(parseXml(text).attributes.get('entityID')).toBe(provider.entityId);
    expect(uses(text)).toEqual([
      ...Array(2).fill('KeyDescriptor signing'),
      ...Array(2).fill('KeyDescriptor encryption'),
      'SingleLogoutService',
      'SingleLogoutService',
      'AssertionConsumerService',
    ]);
    expect(text).not.toContain('PRIVATE');
    expect(text).not.toContain('cbc');
    expect(uses(serviceProviderMetadata(provider))).not.toContain('KeyDescriptor encryption');
    expect(uses(serviceProviderMetadata({ ...provider, keys: [] }))).toEqual(['AssertionConsumerService']);
  });
});
