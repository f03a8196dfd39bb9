const saml = (name: string, protocolMapper: string, config: object) => ({
  name,
  protocol: 'saml',
  protocolMapper,
  config: { 'attribute.name': name, 'attribute.nameformat': 'Basic', ...config },
});

/** What a SAML client is told of people, as docs/sso-guides.md has it. */
export const samlMappers = [
  ...['email', 'firstName', 'lastName'].map(name =>
    saml(name, 'saml-user-property-mapper', { 'user.attribute': name }),
  ),
  saml('groups', 'saml-group-membership-mapper', { single: 'true', 'full.path': 'false' }),
];

/** What an OpenID client is told beside what the scopes say. */
export const oidcMappers = [
  {
    name: 'groups',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-group-membership-mapper',
    config: {
      'claim.name': 'groups',
      'full.path': 'false',
      'id.token.claim': 'true',
      'userinfo.token.claim': 'true',
    },
  },
];
