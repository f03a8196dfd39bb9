import { startMailer } from '@rivergate/mail';
import { defineService } from '@rivergate/service';
import { accounts } from '../migrations/0001_accounts.ts';
import { sessions } from '../migrations/0002_sessions.ts';
import { proofs } from '../migrations/0003_proofs.ts';
import { signingKeys as signingKeyTable } from '../migrations/0004_signing_keys.ts';
import { pictures } from '../migrations/0005_pictures.ts';
import { mails } from '../migrations/0006_mails.ts';
import { organizationPolicies as policyTables } from '../migrations/0007_organization_policies.ts';
import { createAccount } from './accounts/create-account.ts';
import { withdrawAccount } from './accounts/withdraw-account.ts';
import type { IdentityTools } from './endpoint.ts';
import { jwks } from './keys/jwks.ts';
import { ensureSigningKey, rotateSigningKey } from './keys/rotate-signing-key.ts';
import { signingKeys } from './keys/signing-keys.ts';
import { login } from './login/login.ts';
import { loginHistory } from './login/login-history.ts';
import { memberships } from './organizations/memberships.ts';
import { organizationPolicies } from './organizations/organization-policies.ts';
import { changePassword } from './password/change-password.ts';
import { forgotPassword } from './password/forgot-password.ts';
import { dropExpiredResets } from './password/password-reset-store.ts';
import { resetPassword } from './password/reset-password.ts';
import { resetRequests } from './password/reset-requests.ts';
import { getPicture } from './profile/get-picture.ts';
import { me } from './profile/me.ts';
import { updateProfile } from './profile/update-profile.ts';
import { listSessions } from './sessions/list-sessions.ts';
import { logout } from './sessions/logout.ts';
import { logoutAll } from './sessions/logout-all.ts';
import { refresh } from './sessions/refresh.ts';
import { dropTokensOfExpiredSessions } from './sessions/refresh-token-store.ts';
import { revokeSession } from './sessions/revoke-session.ts';
import { sessionState } from './sessions/session-state.ts';
import { sessionsOfRemovedMembers } from './sessions/sessions-of-removed-members.ts';
import { switchSession } from './sessions/switch-session.ts';
import { settingsFromEnv } from './settings.ts';
import { purgeUnverified } from './signup/purge-unverified.ts';
import { resendSignupOtp } from './signup/resend-signup-otp.ts';
import { signup } from './signup/signup.ts';
import { verifyEmail } from './signup/verify-email.ts';
import { verifyOtp } from './signup/verify-otp.ts';

/** Accounts, logins, sessions, and the keys that sign access tokens. */
export const identity = defineService<IdentityTools>({
  name: 'identity',
  migrations: [accounts, sessions, proofs, signingKeyTable, pictures, mails, policyTables],

  endpoints: {
    Authentication: [
      signup,
      resendSignupOtp,
      verifyOtp,
      verifyEmail,
      login,
      refresh,
      logout,
      logoutAll,
      forgotPassword,
      resetPassword,
      changePassword,
      me,
      updateProfile,
      loginHistory,
    ],
    Pictures: [getPicture],
    Sessions: [listSessions, revokeSession],
    Discovery: [jwks],
    Internal: [sessionState, switchSession, createAccount, withdrawAccount],
  },

  consumers: tools => [sessionsOfRemovedMembers(tools), organizationPolicies(tools), memberships],

  jobs: [
    {
      name: 'rotate signing key',
      every: 3_600,
      async run({ knex, secretBox, settings }) {
        const rotation = {
          olderThanSeconds: settings.signingKeySeconds,
          leadSeconds: settings.signingKeyLeadSeconds,
        };
        await rotateSigningKey(knex, secretBox, rotation);
      },
    },
    { name: 'work off password resets', every: 15, run: ({ resetRequests }) => resetRequests.workOff() },
    { name: 'drop expired resets', every: 3_600, run: ({ knex }) => dropExpiredResets(knex) },
    { name: 'drop spent refresh tokens', every: 3_600, run: ({ knex }) => dropTokensOfExpiredSessions(knex) },
    { name: 'purge unverified registrations', every: 3_600, run: ({ knex }) => purgeUnverified(knex) },
  ],

  async tools({ knex, secretBox, env, config, log, onStop }) {
    const settings = settingsFromEnv(env);
    const mail = startMailer({
      service: 'identity',
      knex,
      secretBox,
      redisUrl: config.REDIS_URL,
      ...sender(env),
      log,
    });
    const keys = signingKeys(knex, secretBox, log);
    const resets = resetRequests({ knex, mail, settings, log });
    onStop(async () => {
      keys.stop();
      await resets.settled();
      await mail.stop();
    });
    return {
      knex,
      secretBox,
      settings,
      mail,
      keys,
      resetRequests: resets,
    };
  },

  async prepare({ knex, secretBox, keys }) {
    await ensureSigningKey(knex, secretBox);
    await keys.read();
  },
});

function sender(env: NodeJS.ProcessEnv): { smtpUrl: string; from: string } {
  if (!env.SMTP_URL) throw new Error('SMTP_URL is missing: identity mails codes and links');
  return { smtpUrl: env.SMTP_URL, from: env.MAIL_FROM ?? 'Rivergate <no-reply@localhost>' };
}
