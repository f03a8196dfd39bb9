import type { VendorGuides } from '../guide.ts';

export const google: VendorGuides = {
  name: 'Google Workspace',
  saml: {
    mapping: { email: 'email', given_name: 'firstName', family_name: 'lastName', groups: 'groups' },
    steps: [
      {
        text: 'In the admin console, *Apps*, *Web and mobile apps*, choose *Add app*, *Add custom SAML app*. Google has no metadata URL: copy these three.',
        settings: { sso_url: '*SSO URL*', entity_id: '*Entity ID*', certificate: '*Certificate*' },
      },
      {
        text: 'Enter the *Service provider details*. The Name ID is *Basic Information > Primary email*.',
        fields: [
          { label: 'ACS URL', value: 'acs_url' },
          { label: 'Entity ID', value: 'entity_id' },
          { label: 'Name ID format', choice: 'EMAIL' },
        ],
      },
      {
        text: 'Under *Attribute mapping*, add the attributes of the Google directory under these *App attributes*, and *Group membership* if roles are to follow groups.',
        fields: [
          { label: 'Primary email', value: 'email_attribute' },
          { label: 'First name', value: 'given_name_attribute' },
          { label: 'Last name', value: 'family_name_attribute' },
          { label: 'Group membership', value: 'groups_attribute' },
        ],
      },
      { text: 'Turn the app on under *User access*. Google has no logout.' },
    ],
  },
  oidc: {
    mapping: { email: 'email', name: 'name', given_name: 'given_name', family_name: 'family_name' },
    steps: [
      {
        text: 'In the Google Cloud console, make a consent screen of the type *Internal*, and an *OAuth client ID* of the type *Web application*.',
        fields: [{ label: 'Authorized redirect URIs', value: 'redirect_uri' }],
      },
      {
        text:
          'Name your `domains`: anybody may have a Google account, and only addresses in domains that you have verified are let in. Google ' +
          'sends no groups and has no logout.',
        settings: {
          issuer: '`https://accounts.google.com`',
          client_id: '*Client ID*',
          client_secret: '*Client secret*',
          domains: 'the domains of your addresses',
        },
      },
    ],
  },
};
