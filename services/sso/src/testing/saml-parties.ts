import type { IdentityProvider, ServiceProvider } from '../saml/parties.ts';
import { signingKey } from './saml-keys.ts';
import { newId, type Says, type SigningKey } from './saml-messages.ts';

const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';

/** An identity provider and a service provider that know each other, without a network. */
export async function samlParties() {
  const [key, serviceProviderKey] = await Promise.all([signingKey(), signingKey('service provider')]);
  const serviceProvider: ServiceProvider = {
    entityId: 'https://rivergate.test/sso/saml/1',
    assertionConsumerUrl: 'https://rivergate.test/sso/saml/1/acs',
    logoutUrl: 'https://rivergate.test/sso/saml/1/logout',
    keys: [serviceProviderKey],
  };
  const identityProvider: IdentityProvider = {
    entityId: 'https://idp.test',
    ssoUrl: 'https://idp.test/sso',
    logout: { binding: 'redirect', url: 'https://idp.test/logout' },
    certificates: [key.certificate],
    idpInitiated: false,
  };
  return {
    key,
    serviceProviderKey,
    serviceProvider,
    identityProvider,
    /** What it says of Ada, in answer to a request. */
    says: (inResponseTo: string | null, more: Partial<Says> = {}): Says => ({
      issuer: identityProvider.entityId,
      responseIssuer: identityProvider.entityId,
      responseId: newId(),
      assertionId: newId(),
      destination: serviceProvider.assertionConsumerUrl,
      recipient: serviceProvider.assertionConsumerUrl,
      audience: serviceProvider.entityId,
      inResponseTo,
      confirmedInResponseTo: inResponseTo,
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
      nameId: 'ada@example.com',
      nameIdFormat: EMAIL,
      sessionIndex: 'session-1',
      attributes: { displayName: ['Ada Lovelace'], groups: ['analysts', 'mathematicians'] },
      issued: 0,
      notBefore: -60_000,
      notOnOrAfter: 300_000,
      confirmedUntil: 300_000,
      ...more,
    }),
  };
}

export type SamlParties = Awaited<ReturnType<typeof samlParties>> & { key: SigningKey };
