import type { VendorGuides } from '../guide.ts';

export const onelogin: VendorGuides = {
  name: 'OneLogin',
  saml: {
    mapping: { email: 'email', given_name: 'firstName', family_name: 'lastName', groups: 'groups' },
    steps: [
      {
        text: 'Under *Applications*, *Add App*, search for *SAML Custom Connector (Advanced)*, name it and save.',
      },
      {
        text: 'Open *Configuration*. The validator is a regular expression, by which OneLogin sends logins to this URL alone.',
        fields: [
          { label: 'Audience (EntityID)', value: 'entity_id' },
          { label: 'Recipient', value: 'acs_url' },
          { label: 'ACS (Consumer) URL Validator', value: 'acs_url_pattern' },
          { label: 'ACS (Consumer) URL', value: 'acs_url' },
          { label: 'Single Logout URL', value: 'slo_url' },
          { label: 'SAML initiator', choice: 'Service Provider' },
          { label: 'SAML nameID format', choice: 'Email' },
          { label: 'SAML signature element', choice: 'Assertion' },
        ],
      },
      {
        text: 'Leave the encryption of assertions off: the connection is encrypted anyway.',
        settings: { encrypt_assertions: '`off`' },
      },
      {
        text: 'Under *Parameters*, add fields of these names with the value that the label says, each with *Include in SAML assertion*.',
        fields: [
          { label: 'Email', value: 'email_attribute' },
          { label: 'First Name', value: 'given_name_attribute' },
          { label: 'Last Name', value: 'family_name_attribute' },
          { label: 'User Roles, as a multi-value parameter', value: 'groups_attribute' },
        ],
      },
      {
        text: 'Under *SSO*, set the algorithm, since signatures by SHA-1 are refused (SHA-512 is as good), and copy the URL. Give people access under *Users* or by roles.',
        fields: [{ label: 'SAML Signature Algorithm', choice: 'SHA-256' }],
        settings: { metadata_url: '*Issuer URL*' },
      },
    ],
  },
  oidc: {
    mapping: { email: 'email', name: 'name', groups: 'groups' },
    steps: [
      {
        text: 'Under *Applications*, *Add App*, search for *OpenId Connect (OIDC)*, name it and save. Open *Configuration*.',
        fields: [
          { label: 'Login Url', value: 'initiate_login_uri' },
          { label: "Redirect URI's", value: 'redirect_uri' },
          { label: 'Post Logout Redirect URIs', value: 'post_logout_redirect_uri' },
        ],
      },
      {
        text: 'Under *SSO*, set how the platform shows its secret (*Basic* works too), and copy what it needs.',
        fields: [
          { label: 'Application Type', choice: 'Web' },
          { label: 'Token Endpoint, Authentication Method', choice: 'POST' },
        ],
        settings: {
          issuer: '`https://<your subdomain>.onelogin.com/oidc/2`',
          client_id: '*Client ID*',
          client_secret: '*Client Secret*',
        },
      },
      {
        text: 'If roles are to follow groups, have *Parameters*, *Groups* send them, and ask for them by `scopes`.',
        fields: [{ label: 'Claim', value: 'groups_attribute' }],
        settings: { scopes: '`openid`, `email`, `profile` and `groups`' },
      },
    ],
  },
  scim: {
    steps: [
      {
        text: 'Add the app *SCIM Provisioner with SAML (SCIM v2 Enterprise)*, and open *Configuration*. It can be the app of the sign-in, too.',
        fields: [{ label: 'SCIM Base URL', value: 'scim_base_url' }],
      },
      {
        text: 'Enter the token of `POST /api/v1/sso/scim/token` as *SCIM Bearer Token*, and *Enable* the API connection.',
      },
      { text: 'Under *Parameters*, set the SCIM username to *Email*.' },
      { text: 'Under *Provisioning*, turn on *Enable provisioning*, and assign people.' },
    ],
  },
};
