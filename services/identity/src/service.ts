import { defineService } from '@rivergate/service';
import * as accounts from './accounts/index.ts';
import { personalDataPolicy } from './accounts/personal-data.ts';
import * as backchannelLogout from './backchannel-logout/index.ts';
import * as browserSessions from './browser-sessions/index.ts';
import * as emailChange from './email-change/index.ts';
import type { IdentityTools } from './endpoint.ts';
import * as impersonation from './impersonation/index.ts';
import * as keys from './keys/index.ts';
import { ensureSigningKeys } from './keys/rotate-signing-key.ts';
import * as login from './login/index.ts';
import * as managedAccounts from './managed-accounts/index.ts';
import * as memberSecurity from './member-security/index.ts';
import * as oauth from './oauth/index.ts';
import * as oauthApplications from './oauth-applications/index.ts';
import * as oauthRegistration from './oauth-registration/index.ts';
import * as openid from './openid/index.ts';
import * as organizations from './organizations/index.ts';
import * as passkeys from './passkeys/index.ts';
import * as password from './password/index.ts';
import * as personalTokens from './personal-tokens/index.ts';
import * as pictures from './pictures/index.ts';
import * as profile from './profile/index.ts';
import * as secondFactors from './second-factors/index.ts';
import * as sessions from './sessions/index.ts';
import * as signInNotices from './sign-in-notices/index.ts';
import * as signup from './signup/index.ts';
import * as social from './social/index.ts';
import * as sso from './sso/index.ts';
import * as stepUp from './step-up/index.ts';
import { identityTools } from './tools.ts';
import * as trustedDevices from './trusted-devices/index.ts';

/** Accounts, logins, sessions, and the keys that sign access tokens. */
export const identity = defineService<IdentityTools>({
  name: 'identity',
  modules: [
    signup,
    login,
    signInNotices,
    password,
    profile,
    emailChange,
    pictures,
    sessions,
    impersonation,
    browserSessions,
    managedAccounts,
    memberSecurity,
    accounts,
    keys,
    organizations,
    personalTokens,
    passkeys,
    social,
    sso,
    secondFactors,
    stepUp,
    trustedDevices,
    oauthApplications,
    oauthRegistration,
    oauth,
    backchannelLogout,
    openid,
  ],
  personalData: personalDataPolicy,
  tools: identityTools,

  async prepare({ knex, secretBox, keys: signingKeys }) {
    await ensureSigningKeys(knex, secretBox);
    await signingKeys.read();
  },
});
