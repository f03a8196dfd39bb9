import type { KeyPair, Parties, ServiceProvider } from '../saml/index.ts';
import { addressOf } from './address.ts';
import type { SamlProvider } from './provider-store.ts';

/** The platform, as one of its SAML providers knows it. */
export const serviceProviderOf = (
  publicUrl: string,
  providerId: number,
  keys: readonly KeyPair[],
): ServiceProvider => ({
  entityId: addressOf(publicUrl, providerId, 'metadata'),
  assertionConsumerUrl: addressOf(publicUrl, providerId, 'acs'),
  logoutUrl: addressOf(publicUrl, providerId, 'slo'),
  keys,
});

/** @param keys of the platform for this provider, as `keysOf` gives them */
export function partiesOf(publicUrl: string, provider: SamlProvider, keys: readonly KeyPair[]): Parties {
  const { id, entity_id, sso_url, certificates, idp_initiated, encrypt_assertions } = provider;
  const { slo_url, slo_response_url, slo_binding } = provider;
  return {
    serviceProvider: serviceProviderOf(publicUrl, id, keys),
    identityProvider: {
      entityId: entity_id,
      ssoUrl: sso_url,
      ...(slo_url !== null && {
        logout: {
          binding: slo_binding,
          url: slo_url,
          ...(slo_response_url !== null && { responseUrl: slo_response_url }),
        },
      }),
      certificates: certificates.map(({ pem }) => pem),
      idpInitiated: idp_initiated,
      mustEncrypt: encrypt_assertions === 'required',
    },
  };
}
