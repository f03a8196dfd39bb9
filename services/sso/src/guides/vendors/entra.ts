import type { VendorGuides } from '../guide.ts';

export const entra: VendorGuides = {
  name: 'Microsoft Entra ID',
  saml: {
    mapping: {
      email: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
      name: 'http://schemas.microsoft.com/identity/claims/displayname',
      groups: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
    },
    steps: [
      {
        text: 'Under *Enterprise applications*, make a *New application* of your own, and choose *SAML* under *Set up single sign on*.',
      },
      {
        text: 'Edit *Basic SAML Configuration*.',
        fields: [
          { label: 'Identifier (Entity ID)', value: 'entity_id' },
          { label: 'Reply URL (Assertion Consumer Service URL)', value: 'acs_url' },
          { label: 'Logout Url', value: 'slo_url' },
        ],
      },
      {
        text: 'See under *Attributes & Claims* that these claims are sent, namespace and name put together. Or have `attribute_mapping` name those that Entra ID sends anyway.',
        fields: [
          { label: 'Claim of user.mail', value: 'email_attribute' },
          { label: 'Claim of user.displayname', value: 'name_attribute' },
          { label: 'Group claim', value: 'groups_attribute' },
        ],
      },
      {
        text:
          'Leave *Token encryption* without a certificate: Entra ID encrypts by CBC only, which is refused. It takes signed requests and ' +
          'does not need them; under *Verification certificates* it can demand them, by the certificate of the metadata.',
      },
      {
        text: 'Copy what the platform reads from under *SAML Certificates*, and assign people under *Users and groups*.',
        settings: { metadata_url: '*App Federation Metadata Url*', encrypt_assertions: '`off`' },
      },
    ],
  },
  oidc: {
    mapping: { email: 'email', name: 'name', groups: 'groups' },
    steps: [
      {
        text: 'Under *App registrations*, make a *New registration* for accounts in *this organizational directory only*, with a redirect URI for the platform *Web*.',
        fields: [{ label: 'Redirect URI', value: 'redirect_uri' }],
      },
      {
        text: 'Under *Token configuration*, add the optional claim for the address to the ID token, and a groups claim if roles are to follow groups.',
        fields: [
          { label: 'Optional claim', value: 'email_attribute' },
          { label: 'Groups claim', value: 'groups_attribute' },
        ],
      },
      {
        text:
          'Groups come by their object IDs, and not at all for members of more than 200: assign groups to the application and send only those. ' +
          '*Front-channel logout URL* stays empty: such logouts are not taken. The sign-out page of Entra ID is found by itself.',
      },
      {
        text: 'Make a secret under *Certificates & secrets*. The issuers `common`, `organizations` and `consumers` are refused: anybody can make users there.',
        settings: {
          issuer: '`https://login.microsoftonline.com/<tenant id>/v2.0`',
          client_id: '*Application (client) ID*',
          client_secret: 'the value of the secret, not its ID',
        },
      },
    ],
  },
  scim: {
    steps: [
      {
        text: 'Under *Enterprise applications*, your application, *Provisioning*, choose the mode *Automatic*. `?aadOptscim062020` at the end of the URL works too.',
        fields: [{ label: 'Tenant URL', value: 'scim_base_url' }],
      },
      { text: 'Enter the token of `POST /api/v1/sso/scim/token` as *Secret Token*, and *Test Connection*.' },
      {
        text: 'The default mappings work. Map `userName` to an attribute that holds a mail address.',
      },
    ],
  },
};
