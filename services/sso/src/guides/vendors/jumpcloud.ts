import type { VendorGuides } from '../guide.ts';

export const jumpcloud: VendorGuides = {
  name: 'JumpCloud',
  saml: {
    mapping: { email: 'email', given_name: 'firstName', family_name: 'lastName', groups: 'groups' },
    steps: [
      {
        text: 'Under *SSO Applications*, *Add New Application*, choose *Custom Application*, *Manage Single Sign-On (SSO)* and *Configure SSO with SAML*, and name it.',
      },
      {
        text: 'Open the tab *SSO*. *IdP Entity ID* is yours to choose: a URI that no other application has.',
        fields: [
          { label: 'SP Entity ID', value: 'entity_id' },
          { label: 'ACS URLs', value: 'acs_url' },
          { label: 'SAMLSubject NameID', choice: 'email' },
          {
            label: 'SAMLSubject NameID Format',
            choice: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
          },
          { label: 'Signature Algorithm', choice: 'RSA-SHA256' },
          { label: 'Sign', choice: 'Assertion' },
        ],
      },
      {
        text: 'Check *Declare Redirect Endpoint*: without it the metadata names no sign-in by the HTTP-Redirect binding, and is refused here.',
      },
      {
        text: 'Under *Attributes*, add these *Service Provider Attribute Names* for the JumpCloud attributes that the labels say, and check *include group attribute* if roles are to follow groups.',
        fields: [
          { label: 'email', value: 'email_attribute' },
          { label: 'firstname', value: 'given_name_attribute' },
          { label: 'lastname', value: 'family_name_attribute' },
          { label: 'include group attribute', value: 'groups_attribute' },
        ],
      },
      {
        text: 'Save, copy the URL of the metadata, and give access under *User Groups*.',
        settings: { metadata_url: '*Copy Metadata URL*' },
      },
    ],
  },
  oidc: {
    mapping: { email: 'email', given_name: 'given_name', family_name: 'family_name', groups: 'groups' },
    steps: [
      {
        text: 'Under *SSO Applications*, *Add New Application*, choose *Custom Application*, *Manage Single Sign-On (SSO)* and *Configure SSO with OIDC*, and name it. Open the tab *SSO*. *Client Secret Basic* works too.',
        fields: [
          { label: 'Redirect URIs', value: 'redirect_uri' },
          { label: 'Client Authentication Type', choice: 'Client Secret POST' },
          { label: 'Login URL', value: 'initiate_login_uri' },
        ],
      },
      {
        text: 'Under *Attribute Mapping*, select the standard scopes *Email* and *Profile*, and *include group attribute* if roles are to follow groups. No attribute may be there twice.',
        fields: [{ label: 'include group attribute', value: 'groups_attribute' }],
      },
      {
        text: 'Activate it, copy the secret, which is shown once, and give access under *User Groups*.',
        settings: {
          issuer: '`https://oauth.id.jumpcloud.com/`, or that of your region',
          client_id: '*Client ID*',
          client_secret: '*Client Secret*',
        },
      },
    ],
  },
  scim: {
    steps: [
      {
        text: 'In a custom application with *Export users to this app (Identity Management)*, open the tab *Identity Management*.',
        fields: [
          { label: 'SCIM Version', choice: 'SCIM 2.0' },
          { label: 'Base URL', value: 'scim_base_url' },
        ],
      },
      {
        text: 'Enter the token of `POST /api/v1/sso/scim/token` as *Token Key*, the address of somebody in JumpCloud as *Test User Email*, *Test Connection*, and *Activate*.',
      },
      { text: 'Choose under *User Groups* who is provisioned.' },
    ],
  },
};
