import type { VendorGuides } from '../guide.ts';

export const okta: VendorGuides = {
  name: 'Okta',
  saml: {
    mapping: { email: 'email', name: 'displayName', groups: 'groups' },
    steps: [
      {
        text: 'Under *Applications*, *Create App Integration*, choose *SAML 2.0*. *Persistent* is as good a format of the Name ID.',
        fields: [
          { label: 'Single sign-on URL', value: 'acs_url' },
          { label: 'Audience URI (SP Entity ID)', value: 'entity_id' },
          { label: 'Name ID format', choice: 'EmailAddress' },
        ],
      },
      {
        text: 'Add *Attribute Statements*, each with its value, and a group attribute statement if roles are to follow groups.',
        fields: [
          { label: 'Name of user.email', value: 'email_attribute' },
          { label: 'Name of user.displayName', value: 'name_attribute' },
          { label: 'Name of user.firstName', value: 'given_name_attribute' },
          { label: 'Name of user.lastName', value: 'family_name_attribute' },
          { label: 'Name of the group attribute statement', value: 'groups_attribute' },
        ],
      },
      {
        text: 'For single logout, turn on *Enable Single Logout* under the advanced settings, with the certificate of the metadata of the platform as *Signature Certificate*.',
        fields: [
          { label: 'Single Logout URL', value: 'slo_url' },
          { label: 'SP Issuer', value: 'entity_id' },
        ],
      },
      {
        text: 'Copy what the platform reads from the tab *Sign On*, and assign people under *Assignments*.',
        settings: { metadata_url: 'the URL under *Metadata details*' },
      },
    ],
  },
  oidc: {
    mapping: { email: 'email', name: 'name', groups: 'groups' },
    steps: [
      {
        text: 'Under *Applications*, *Create App Integration*, choose *OIDC - OpenID Connect* and *Web Application*.',
        fields: [
          { label: 'Sign-in redirect URIs', value: 'redirect_uri' },
          { label: 'Sign-out redirect URIs', value: 'post_logout_redirect_uri' },
        ],
      },
      {
        text: 'If logins are to begin at Okta too, set *Login initiated by* to *Either Okta or App*.',
        fields: [{ label: 'Initiate login URI', value: 'initiate_login_uri' }],
      },
      {
        text: 'If roles are to follow groups, add a groups claim to the ID token.',
        fields: [{ label: 'Groups claim name', value: 'groups_attribute' }],
      },
      {
        text: 'Copy client ID and secret from the tab *General*. A custom authorization server has an issuer of its own.',
        settings: {
          issuer: '`https://<your domain>.okta.com`, or that of the custom authorization server',
          client_id: '*Client ID*',
          client_secret: '*Client secret*',
        },
      },
    ],
  },
  scim: {
    steps: [
      {
        text: 'Have the application provision by *SCIM*, and open *Provisioning*, *Integration*.',
        fields: [
          { label: 'SCIM connector base URL', value: 'scim_base_url' },
          { label: 'Unique identifier field for users', choice: 'userName' },
          { label: 'Authentication Mode', choice: 'HTTP Header' },
        ],
      },
      {
        text: 'Enter the token of `POST /api/v1/sso/scim/token` as *Authorization*, and test the connector.',
      },
      { text: '*Push New Users*, *Push Profile Updates* and *Push Groups* may all be on.' },
    ],
  },
};
