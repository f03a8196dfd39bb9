import { defineService } from '@rivergate/service';
import * as abacPolicies from './abac-policies/index.ts';
import * as attempts from './attempts/index.ts';
import * as certificateNotices from './certificate-notices/index.ts';
import * as domains from './domains/index.ts';
import type { SsoTools } from './endpoint.ts';
import * as enforcement from './enforcement/index.ts';
import * as guides from './guides/index.ts';
import * as logins from './logins/index.ts';
import * as logout from './logout/index.ts';
import * as metadataRefresh from './metadata-refresh/index.ts';
import * as organizations from './organizations/index.ts';
import { personalDataPolicy } from './people/personal-data.ts';
import * as providerKeys from './provider-keys/index.ts';
import * as providers from './providers/index.ts';
import * as scimAttempts from './scim/attempts/index.ts';
import * as scimBrake from './scim/brake/index.ts';
import * as scimBulk from './scim/bulk/index.ts';
import * as scimDiscovery from './scim/discovery/index.ts';
import * as scimGroups from './scim/groups/index.ts';
import * as scimSettings from './scim/settings/index.ts';
import * as scimTokens from './scim/tokens/index.ts';
import * as scimUsers from './scim/users/index.ts';
import { ssoTools } from './tools.ts';

/** SAML and OIDC sign-in, SCIM 2.0, enforcement, attribute-based policies. */
export const sso = defineService<SsoTools>({
  name: 'sso',
  modules: [
    organizations,
    providers,
    providerKeys,
    guides,
    attempts,
    domains,
    metadataRefresh,
    certificateNotices,
    logins,
    logout,
    enforcement,
    abacPolicies,
    scimDiscovery,
    scimUsers,
    scimGroups,
    scimBulk,
    scimSettings,
    scimTokens,
    scimBrake,
    scimAttempts,
  ],
  personalData: personalDataPolicy,
  tools: ssoTools,
});
