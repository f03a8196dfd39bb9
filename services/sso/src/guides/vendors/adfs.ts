import type { VendorGuides } from '../guide.ts';

export const adfs: VendorGuides = {
  name: 'AD FS',
  saml: {
    mapping: { email: 'email', name: 'displayName' },
    steps: [
      {
        text: 'Add a relying party trust, by the URL of the metadata of the platform, or by the two below it.',
        fields: [
          { label: 'Federation metadata address', value: 'metadata_url' },
          { label: 'Relying party trust identifier', value: 'entity_id' },
          { label: 'Relying party SAML 2.0 SSO service URL', value: 'acs_url' },
        ],
      },
      {
        text: 'Add a rule that sends LDAP attributes as claims of these names, and one that sends the *Name ID*.',
        fields: [
          { label: 'E-Mail-Addresses', value: 'email_attribute' },
          { label: 'Display-Name', value: 'name_attribute' },
          { label: 'Token-Groups - Unqualified Names', value: 'groups_attribute' },
        ],
      },
      {
        text:
          'AD FS encrypts by CBC only, which is refused, as soon as the trust has an encryption certificate: leave it without one, or call ' +
          '`Set-AdfsRelyingPartyTrust -EncryptClaims $false`. Requests may be signed.',
        settings: {
          metadata_url: '`https://<host>/FederationMetadata/2007-06/FederationMetadata.xml`',
          encrypt_assertions: '`off`',
        },
      },
    ],
  },
};
