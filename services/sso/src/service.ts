import { defineService } from '@rivergate/service';

/** SAML and OIDC sign-in, SCIM 2.0, enforcement, attribute-based policies. */
export const sso = defineService({
  name: 'sso',
  modules: [],
});
