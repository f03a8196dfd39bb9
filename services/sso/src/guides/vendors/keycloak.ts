import type { VendorGuides } from '../guide.ts';

/** As it was tried: services/sso/src/logins/keycloak/ signs people in at one. */
export const keycloak: VendorGuides = {
  name: 'Keycloak',
  saml: {
    mapping: { email: 'email', given_name: 'firstName', family_name: 'lastName', groups: 'groups' },
    steps: [
      {
        text:
          'Have the platform read the descriptor of the realm. It always asks for signed requests, so `sign_requests` is true, and ' +
          '*Client signature required* may be on. (Of Keycloak 26.7.)',
        settings: { metadata_url: '`https://<host>/realms/<realm>/protocol/saml/descriptor`' },
      },
      {
        text: 'Under *Clients*, *Import client* with the file that is at this URL. It sets the rest, and the key by which logout messages are checked.',
        fields: [
          { label: 'Resource file', value: 'metadata_url' },
          { label: 'Client ID', value: 'entity_id' },
          { label: 'Valid redirect URIs', value: 'acs_url' },
          { label: 'Logout Service POST Binding URL', value: 'slo_url' },
          { label: 'Logout Service Redirect Binding URL', value: 'slo_url' },
        ],
      },
      {
        text:
          'Turn on *Sign documents*, *Sign assertions* or both. Without *Sign documents* Keycloak signs no logout message either, which is ' +
          'refused as `SAML_UNSIGNED`. RSA_SHA512 and the format *persistent* are as good, *transient* is refused.',
        fields: [
          { label: 'Signature algorithm', choice: 'RSA_SHA256' },
          { label: 'Name ID format', choice: 'email' },
        ],
      },
      {
        text:
          'By itself Keycloak sends no address but as a Name ID of the format `email`. Add mappers *User Property* for `email`, `firstName` and ' +
          '`lastName`, and *Group list* with *Single Group Attribute* and without *Full group path*, each with this *SAML Attribute Name*.',
        fields: [
          { label: 'User Property email', value: 'email_attribute' },
          { label: 'User Property firstName', value: 'given_name_attribute' },
          { label: 'User Property lastName', value: 'family_name_attribute' },
          { label: 'Group list', value: 'groups_attribute' },
        ],
      },
      {
        text:
          '*Encrypt assertions* may be on, by the AES-GCM and RSA-OAEP that Keycloak proposes, with `encrypt_assertions` `offered` before the ' +
          'import, and `required` once a login worked. A client holds one certificate for each, under *Keys*: give it that of a new key of the ' +
          'platform as that is activated.',
      },
      {
        text:
          'Logins that begin at Keycloak need an *IDP-Initiated SSO URL name*. A new realm key is made with a higher priority and *Active* off ' +
          'first: it is in the descriptor then, and `PUT` with the same `metadata_url` takes it here; turn *Active* on afterwards, and off at the ' +
          'old one.',
      },
    ],
  },
  oidc: {
    mapping: { email: 'email', name: 'name', groups: 'groups' },
    steps: [
      {
        text:
          'Under *Clients*, *Create client* of the type *OpenID Connect*, with *Client authentication* on and *Standard flow*. Without *Client ' +
          'authentication* Keycloak takes any secret, and the test of the provider cannot tell. (Of Keycloak 26.7.)',
        fields: [
          { label: 'Valid redirect URIs', value: 'redirect_uri' },
          { label: 'Valid post logout redirect URIs', value: 'post_logout_redirect_uri' },
        ],
      },
      {
        text: 'Have Keycloak tell whom it signs out, with *Backchannel logout session required* on: who is signed out there is signed out here.',
        fields: [{ label: 'Backchannel logout URL', value: 'backchannel_logout_uri' }],
      },
      {
        text: '*PKCE method* S256 and *Require pushed authorization requests* may be set: both are used anyway. Users need *Email verified*, or they are refused as `EMAIL_NOT_VERIFIED`.',
      },
      {
        text: 'If roles are to follow groups, add a mapper *Group Membership*, without *Full group path*.',
        fields: [{ label: 'Token Claim Name', value: 'groups_attribute' }],
      },
      {
        text: 'Copy the secret from the tab *Credentials*.',
        settings: {
          issuer: '`https://<host>/realms/<realm>`',
          client_id: '*Client ID*',
          client_secret: '*Client Secret*',
        },
      },
    ],
  },
};
