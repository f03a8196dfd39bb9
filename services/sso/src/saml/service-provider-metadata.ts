import {
  CONTENT_ENCRYPTION,
  KEY_ENCRYPTION,
  METADATA,
  POST_BINDING,
  PROTOCOL,
  REDIRECT_BINDING,
  SIGNATURE,
} from './names.ts';
import type { KeyPair, ServiceProvider } from './parties.ts';
import { element } from './xml-text.ts';

export interface ServiceProviderMetadataOptions {
  /** Whether login requests are signed. */
  signsRequests?: boolean;
  /** Whether an identity provider is told to encrypt: some do so, by algorithms that are not taken, as soon as they may. */
  encryption?: boolean;
}

/** What an administrator gives to an identity provider (SAML Metadata, section 2.4.4). */
export function serviceProviderMetadata(
  { entityId, assertionConsumerUrl, logoutUrl, keys }: ServiceProvider,
  { signsRequests = false, encryption = false }: ServiceProviderMetadataOptions = {},
): string {
  const descriptors = (
    use: 'signing' | 'encryption',
    published: readonly KeyPair[],
    algorithms: readonly string[],
  ) =>
    published.map(({ certificate }) =>
      element(
        'md:KeyDescriptor',
        { use },
        element(
          'ds:KeyInfo',
          {},
          element('ds:X509Data', {}, element('ds:X509Certificate', {}, base64Of(certificate))),
        ),
        ...algorithms.map(Algorithm => element('md:EncryptionMethod', { Algorithm })),
      ),
    );
  const { xml } = element(
    'md:EntityDescriptor',
    { 'xmlns:md': METADATA, 'xmlns:ds': SIGNATURE, entityID: entityId },
    element(
      'md:SPSSODescriptor',
      {
        AuthnRequestsSigned: String(signsRequests),
        WantAssertionsSigned: 'true',
        protocolSupportEnumeration: PROTOCOL,
      },
      ...descriptors('signing', keys, []),
      ...(encryption
        ? descriptors(
            'encryption',
            keys.filter(({ isRetiring }) => !isRetiring),
            [...CONTENT_ENCRYPTION, ...KEY_ENCRYPTION],
          )
        : []),
      // Without a key there is nothing to sign logout messages by.
      ...(keys.length > 0
        ? [REDIRECT_BINDING, POST_BINDING].map(Binding =>
            element('md:SingleLogoutService', { Binding, Location: logoutUrl }),
          )
        : []),
      element('md:AssertionConsumerService', {
        Binding: POST_BINDING,
        Location: assertionConsumerUrl,
        index: '0',
        isDefault: 'true',
      }),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml}\n`;
}

const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
