import { defineService } from '@rivergate/service';
import * as attempts from './attempts/index.ts';
import * as deletion from './deletion/index.ts';
import * as domains from './domains/index.ts';
import type { SsoTools } from './endpoint.ts';
import * as logins from './logins/index.ts';
import { personalDataPolicy } from './people/personal-data.ts';
import * as providers from './providers/index.ts';
import { ssoTools } from './tools.ts';

/** SAML and OIDC sign-in, SCIM 2.0, enforcement, attribute-based policies. */
export const sso = defineService<SsoTools>({
  name: 'sso',
  modules: [providers, attempts, domains, logins, deletion],
  personalData: personalDataPolicy,
  tools: ssoTools,
});
