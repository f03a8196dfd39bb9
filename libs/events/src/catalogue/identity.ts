import { z } from 'zod';
import { Changes } from '../changes.ts';
import { event } from '../declaration.ts';
import { organizationErased, userErased } from './erasure.ts';

const Id = z.number().int();

export const userRegistered = event({
  type: 'identity.user.registered',
  version: 1,
  audit: 'user.registered',
  summary: 'Someone signed up; the address is not verified yet',
  data: z.object({ user_id: Id, email: z.string(), display_name: z.string() }),
  personal: ['email', 'display_name'],
});

export const userVerified = event({
  type: 'identity.user.verified',
  version: 1,
  audit: 'user.verified',
  summary: 'A user proved to own the address, and may log in',
  data: z.object({ user_id: Id, email: z.string(), display_name: z.string() }),
  personal: ['email', 'display_name'],
});

export const userProfileChanged = event({
  type: 'identity.user.profile_changed',
  version: 1,
  audit: 'user.profile_changed',
  summary: 'A user changed the profile',
  data: z.object({
    user_id: Id,
    fields: z.array(z.string()),
    display_name: z.string(),
    profile_image_url: z.string().nullable().optional(),
  }),
  personal: ['display_name', 'profile_image_url'],
});

export const userRemoved = event({
  type: 'identity.user.removed',
  version: 1,
  audit: 'user.removed',
  summary:
    'An account that was never verified was replaced by a new registration or by the owner of the mailbox, withdrawn, or forgotten after a day; what it founded ends with it',
  data: z.object({ user_id: Id, reason: z.string() }),
});

export const verificationFailed = event({
  type: 'identity.user.verification_failed',
  version: 1,
  audit: 'auth.verification.failure',
  summary: 'A wrong code was tried to verify an address',
  data: z.object({ user_id: Id }),
});

export const userStatusChanged = event({
  type: 'identity.user.status_changed',
  version: 1,
  audit: 'user.status_changed',
  summary: 'A user account was activated, suspended or closed',
  data: z.object({ user_id: Id, status: z.string() }),
});

export const signupCodeSent = event({
  type: 'identity.signup_code.sent',
  version: 1,
  audit: 'auth.signup_code.sent',
  summary: 'A code to verify the address went out',
  data: z.object({ user_id: Id }),
});

export const sessionOpened = event({
  type: 'identity.session.opened',
  version: 1,
  audit: 'auth.login.success',
  summary: 'A user logged in',
  data: z.object({ session_id: Id, user_id: Id, method: z.string(), remember_me: z.boolean() }),
});

export const loginFailed = event({
  type: 'identity.login.failed',
  version: 1,
  audit: 'auth.login.failure',
  summary: 'A login was refused; without a user when the address is unknown',
  data: z.object({ user_id: Id.nullable(), reason: z.string() }),
});

export const sessionRevoked = event({
  type: 'identity.session.revoked',
  version: 1,
  audit: 'auth.session.revoked',
  summary: 'A session ended before its time',
  data: z.object({
    session_id: Id,
    user_id: Id,
    reason: z.string(),
    /** The sign-in at an organization's identity provider that opened it, where one did. */
    sso: z.object({ organization_id: Id, provider_id: Id, login_id: z.string() }).optional(),
  }),
});

export const sessionRefreshed = event({
  type: 'identity.session.refreshed',
  version: 1,
  audit: 'auth.session.refreshed',
  summary: 'A session got new tokens, for its refresh token or by the cookie of a browser',
  data: z.object({ session_id: Id, user_id: Id }),
});

export const sessionMoved = event({
  type: 'identity.session.moved',
  version: 1,
  audit: 'auth.session.moved',
  summary: 'Another organization became the active one of a session',
  data: z.object({ session_id: Id, user_id: Id, workspace_id: Id.nullable() }),
});

export const sessionRefreshReused = event({
  type: 'identity.session.refresh_reused',
  version: 1,
  audit: 'auth.refresh.reused',
  summary: 'A refresh token was used a second time, which a thief would do',
  data: z.object({ session_id: Id, user_id: Id }),
});

const PersonalToken = z.object({
  token_id: Id,
  user_id: Id,
  organization_id: Id.nullable(),
});

export const tokenCreated = event({
  type: 'identity.token.created',
  version: 1,
  audit: 'token.created',
  summary: 'A user made a personal access token; with an organization where it acts in that one only',
  data: PersonalToken.extend({ name: z.string(), scopes: z.array(z.string()), expires_at: z.string() }),
  webhook: true,
});

export const tokenChanged = event({
  type: 'identity.token.changed',
  version: 1,
  audit: 'token.changed',
  summary: 'Name or scopes of a personal access token changed',
  data: PersonalToken.extend({
    /** SHA-256 in hex: by it the gateway knows the token. */
    token_hash: z.string(),
    fields: z.array(z.string()),
    name: z.string(),
    scopes: z.array(z.string()),
    changes: Changes.default({}),
  }),
  webhook: { without: ['token_hash'] },
});

export const tokenRevoked = event({
  type: 'identity.token.revoked',
  version: 1,
  audit: 'token.revoked',
  summary: 'A personal access token was revoked',
  data: PersonalToken.extend({ token_hash: z.string(), reason: z.string() }),
  webhook: { without: ['token_hash'] },
});

export const passwordChanged = event({
  type: 'identity.password.changed',
  version: 1,
  audit: 'auth.password.changed',
  summary: 'A user changed the password, knowing the old one',
  data: z.object({ user_id: Id }),
});

export const passwordChangeFailed = event({
  type: 'identity.password.change_failed',
  version: 1,
  audit: 'auth.password.change_failure',
  summary: 'A signed-in user gave a wrong current password',
  data: z.object({ user_id: Id }),
});

export const passwordResetRequested = event({
  type: 'identity.password.reset_requested',
  version: 1,
  audit: 'auth.password.reset_requested',
  summary: 'A link to set a new password was asked for and sent',
  data: z.object({ user_id: Id }),
});

export const passwordReset = event({
  type: 'identity.password.reset',
  version: 1,
  audit: 'auth.password.reset',
  summary: 'A user set a new password through the link',
  data: z.object({ user_id: Id }),
});

export const signingKeyRotated = event({
  type: 'identity.signing_key.rotated',
  version: 1,
  audit: 'auth.signing_key.rotated',
  summary: 'Access tokens are signed with a new key',
  data: z.object({ key_id: z.string() }),
});

export const emailChangeRequested = event({
  type: 'identity.user.email_change_requested',
  version: 1,
  audit: 'user.email_change_requested',
  summary: 'A user asked to change the primary address; a code went to the new one',
  data: z.object({
    user_id: Id,
    /** Keyed: the same for the same address, and tells nobody which one it is. */
    new_email_hash: z.string(),
  }),
});

export const socialAccountConnected = event({
  type: 'identity.social_account.connected',
  version: 1,
  audit: 'auth.social_account.connected',
  summary:
    'A user signed in with an account elsewhere for the first time, which belongs to the user from now on',
  data: z.object({
    user_id: Id,
    provider: z.string(),
    /** A new account, one with the verified address, or a registration that was never verified and is taken over. */
    by: z.enum(['signup', 'address', 'takeover']),
  }),
});

export const emailChanged = event({
  type: 'identity.user.email_changed',
  version: 1,
  audit: 'user.email_changed',
  summary: 'A user proved to own another address, which is the primary one now; the old one stays on file',
  data: z.object({ user_id: Id, old_email: z.string(), new_email: z.string() }),
  personal: ['old_email', 'new_email'],
});

const Passkey = z.object({ passkey_id: Id, user_id: Id, device_name: z.string() });

export const passkeyRegistered = event({
  type: 'identity.passkey.registered',
  version: 1,
  audit: 'auth.passkey.registered',
  summary: 'A user added a passkey, by which alone one can log in',
  data: Passkey,
  personal: ['device_name'],
});

export const passkeyDeleted = event({
  type: 'identity.passkey.deleted',
  version: 1,
  audit: 'auth.passkey.deleted',
  summary: 'A user deleted a passkey',
  data: Passkey,
  personal: ['device_name'],
});

export const passkeyCloneSuspected = event({
  type: 'identity.passkey.clone_suspected',
  version: 1,
  audit: 'auth.passkey.clone_suspected',
  summary:
    'The counter of a passkey did not grow, as where two copies of it are in use; the login was refused',
  data: Passkey,
  personal: ['device_name'],
});

export const sessionChanged = event({
  type: 'identity.session.changed',
  version: 1,
  audit: 'auth.session.changed',
  summary: 'What a session may do has changed: its user has set a required second factor up',
  data: z.object({ session_id: Id, user_id: Id }),
});

const SecondFactor = z.object({ user_id: Id, method: z.string() });
const TotpDevice = z.object({ user_id: Id, device_id: Id, device_name: z.string() });

export const secondFactorRequired = event({
  type: 'identity.second_factor.required',
  version: 1,
  audit: 'auth.mfa.required',
  summary: 'The password of a login was right; a second factor is asked for',
  data: z.object({ user_id: Id }),
});

export const secondFactorChosen = event({
  type: 'identity.second_factor.chosen',
  version: 1,
  audit: 'auth.mfa.chosen',
  summary: 'The second factor of a login was chosen; a code went out where it is mailed',
  data: SecondFactor,
});

export const secondFactorSetupStarted = event({
  type: 'identity.second_factor.setup_started',
  version: 1,
  audit: 'mfa.setup_started',
  summary: 'A user began to set a second factor up',
  data: SecondFactor,
});

export const secondFactorSetupFailed = event({
  type: 'identity.second_factor.setup_failed',
  version: 1,
  audit: 'mfa.setup_failure',
  summary: 'A wrong code was given to confirm a second factor',
  data: SecondFactor,
});

export const secondFactorEnabled = event({
  type: 'identity.second_factor.enabled',
  version: 1,
  audit: 'mfa.enabled',
  summary: 'A user turned a second factor on, or added a device to it',
  data: SecondFactor.extend({ device_id: Id.nullable(), device_name: z.string().nullable() }),
  personal: ['device_name'],
});

export const secondFactorDisabled = event({
  type: 'identity.second_factor.disabled',
  version: 1,
  audit: 'mfa.disabled',
  summary: 'A second factor of a user was turned off',
  data: SecondFactor,
});

export const totpDeviceChanged = event({
  type: 'identity.totp_device.changed',
  version: 1,
  audit: 'mfa.device_changed',
  summary: 'A user renamed a TOTP device, or made it the primary one',
  data: TotpDevice.extend({ is_primary: z.boolean() }),
  personal: ['device_name'],
});

export const totpDeviceRemoved = event({
  type: 'identity.totp_device.removed',
  version: 1,
  audit: 'mfa.device_removed',
  summary: 'A TOTP device of a user was removed',
  data: TotpDevice,
  personal: ['device_name'],
});

export const backupCodesReplaced = event({
  type: 'identity.backup_codes.replaced',
  version: 1,
  audit: 'mfa.backup_codes_replaced',
  summary: 'A user had new backup codes made; the set before is worthless',
  data: z.object({ user_id: Id }),
});

export const backupCodeUsed = event({
  type: 'identity.backup_codes.used',
  version: 1,
  audit: 'mfa.backup_code_used',
  summary: 'A backup code was spent in place of a second factor',
  data: z.object({ user_id: Id, left: z.number().int() }),
});

const TrustedDevice = z.object({ user_id: Id, device_id: Id, device_name: z.string() });
/** Sessions on it, of which something else is true now; absent in events of earlier versions. */
const onIt = { session_ids: z.array(Id).optional() };

export const deviceTrusted = event({
  type: 'identity.trusted_device.activated',
  version: 1,
  audit: 'device.trusted',
  summary: 'A user trusts a device: it logs in without a second factor',
  data: TrustedDevice.extend(onIt),
  personal: ['device_name'],
});

export const deviceSkipped = event({
  type: 'identity.trusted_device.skipped',
  version: 1,
  audit: 'device.skipped',
  summary: 'A user chose not to trust a device',
  data: TrustedDevice,
  personal: ['device_name'],
});

export const deviceRevoked = event({
  type: 'identity.trusted_device.revoked',
  version: 1,
  audit: 'device.revoked',
  summary: 'A device is trusted no longer',
  data: TrustedDevice.extend({ ...onIt, reason: z.string() }),
  personal: ['device_name'],
});

const OAuthApplication = z.object({ application_id: Id, client_id: z.string() });

export const oauthApplicationCreated = event({
  type: 'identity.oauth_application.created',
  version: 1,
  audit: 'oauth_application.created',
  summary: 'An administrator registered an OAuth client',
  data: OAuthApplication.extend({
    name: z.string(),
    grant_types: z.array(z.string()),
    scopes: z.array(z.string()),
  }),
  webhook: true,
});

export const oauthApplicationChanged = event({
  type: 'identity.oauth_application.changed',
  version: 1,
  audit: 'oauth_application.changed',
  summary: 'An OAuth client was changed, revoked or made active again',
  data: OAuthApplication.extend({
    fields: z.array(z.string()),
    name: z.string(),
    grant_types: z.array(z.string()),
    scopes: z.array(z.string()),
    status: z.string(),
    changes: Changes.default({}),
  }),
  webhook: true,
});

export const oauthApplicationDeleted = event({
  type: 'identity.oauth_application.deleted',
  version: 1,
  audit: 'oauth_application.deleted',
  summary: 'An OAuth client was deleted',
  data: OAuthApplication.extend({ name: z.string() }),
  webhook: true,
});

export const oauthClientSecretReplaced = event({
  type: 'identity.oauth_application.secret_replaced',
  version: 1,
  audit: 'oauth_application.secret_replaced',
  summary: 'An OAuth client got a new secret in place of the old one',
  data: OAuthApplication,
  webhook: true,
});

const OAuthGrant = OAuthApplication.extend({ grant_id: Id, user_id: Id });

export const oauthGrantApproved = event({
  type: 'identity.oauth_grant.approved',
  version: 1,
  audit: 'oauth.authorization.approved',
  summary: 'A user let an OAuth client act in their name; a code went out',
  data: OAuthGrant.extend({ scopes: z.array(z.string()) }),
});

export const oauthGrantRefused = event({
  type: 'identity.oauth_grant.refused',
  version: 1,
  audit: 'oauth.authorization.refused',
  summary: 'A user did not let an OAuth client act in their name',
  data: OAuthApplication.extend({ user_id: Id }),
});

export const oauthGrantReused = event({
  type: 'identity.oauth_grant.reused',
  version: 1,
  audit: 'oauth.authorization.reused',
  summary: 'A code or refresh token was used a second time, which a thief would do; its grant ended',
  data: OAuthGrant,
});

export const oauthTokenIssued = event({
  type: 'identity.oauth_token.issued',
  version: 1,
  audit: 'oauth.token.issued',
  summary: 'An OAuth client got an access token; without a user where it acts for the organization',
  data: OAuthApplication.extend({
    grant_type: z.string(),
    user_id: Id.nullable(),
    scopes: z.array(z.string()),
  }),
});

/** SHA-256 in hex: by them the gateway knows tokens. */
const TokenHashes = z.array(z.string());

export const oauthTokensRevoked = event({
  type: 'identity.token.batch_revoked',
  version: 1,
  audit: 'oauth.token.revoked',
  summary: 'Access tokens of an OAuth client ended before their time',
  data: OAuthApplication.extend({ token_hashes: TokenHashes, reason: z.string() }),
});

export const oauthTokensChanged = event({
  type: 'identity.token.batch_changed',
  version: 1,
  audit: 'oauth.token.changed',
  summary: 'Access tokens of an OAuth client lost scopes that were taken from it',
  data: OAuthApplication.extend({ token_hashes: TokenHashes, scopes: z.array(z.string()) }),
});

export const sessionSteppedUp = event({
  type: 'identity.session.stepped_up',
  version: 1,
  audit: 'auth.session.stepped_up',
  summary: 'The user of a session proved again to be there',
  data: z.object({ session_id: Id, user_id: Id, methods: z.array(z.string()) }),
});

export const oauthConsentWithdrawn = event({
  type: 'identity.oauth_consent.withdrawn',
  version: 1,
  audit: 'oauth.consent.withdrawn',
  summary: 'A user lets an OAuth client act no more; its grants ended',
  data: OAuthApplication.extend({ user_id: Id }),
});

export const oauthClientRegistered = event({
  type: 'identity.oauth_application.registered',
  version: 1,
  audit: 'oauth_application.registered',
  summary: 'An OAuth client registered itself; without an organization where it did so without a token',
  data: OAuthApplication.extend({
    registration_token_id: Id.nullable(),
    name: z.string(),
    redirect_uris: z.array(z.string()),
    scopes: z.array(z.string()),
    software_id: z.string().nullable(),
  }),
});

const RegistrationToken = z.object({ registration_token_id: Id });

export const registrationTokenCreated = event({
  type: 'identity.oauth_registration_token.created',
  version: 1,
  audit: 'oauth_registration_token.created',
  summary: 'An administrator made a token by which OAuth clients register themselves',
  data: RegistrationToken.extend({
    name: z.string(),
    scopes: z.array(z.string()),
    max_uses: z.int(),
    expires_at: z.string(),
  }),
  webhook: true,
});

export const registrationTokenRevoked = event({
  type: 'identity.oauth_registration_token.revoked',
  version: 1,
  audit: 'oauth_registration_token.revoked',
  summary: 'A token by which OAuth clients register themselves was revoked',
  data: RegistrationToken.extend({ reason: z.string() }),
  webhook: true,
});

export const identityOrganizationErased = organizationErased('identity');

const Impersonation = z.object({ impersonation_id: Id, user_id: Id, administrator_id: Id });

export const impersonationRequested = event({
  type: 'identity.impersonation.requested',
  version: 1,
  audit: 'impersonation.requested',
  summary: 'An administrator asked a member for consent to act in their name',
  data: Impersonation.extend({ reason: z.string(), minutes: z.int() }),
});

export const impersonationApproved = event({
  type: 'identity.impersonation.approved',
  version: 1,
  audit: 'impersonation.approved',
  summary: 'A member lets an administrator act in their name',
  data: Impersonation.extend({ until: z.string() }),
});

export const impersonationStarted = event({
  type: 'identity.impersonation.started',
  version: 1,
  audit: 'impersonation.started',
  summary: 'An administrator began to act in the name of a member, in a session of its own',
  data: Impersonation.extend({ session_id: Id, until: z.string() }),
});

export const impersonationDenied = event({
  type: 'identity.impersonation.denied',
  version: 1,
  audit: 'impersonation.denied',
  summary: 'A member does not let an administrator act in their name',
  data: Impersonation,
});

export const impersonationEnded = event({
  type: 'identity.impersonation.ended',
  version: 1,
  audit: 'impersonation.ended',
  summary: 'What an administrator asked a member for, or did in their name, is over',
  data: Impersonation.extend({ reason: z.string() }),
});

export const identityUserErased = userErased('identity');

export const socialAccountDisconnected = event({
  type: 'identity.social_account.disconnected',
  version: 1,
  audit: 'auth.social_account.disconnected',
  summary: 'An account elsewhere signs a user in no more',
  data: z.object({ user_id: Id, provider: z.string() }),
});

export const signInDisowned = event({
  type: 'identity.session.disowned',
  version: 1,
  audit: 'auth.session.disowned',
  summary: 'A user said that a sign-in was not theirs: it ended, and what was made in it was undone',
  data: z.object({
    session_id: Id,
    user_id: Id,
    /** The session, and those that were opened by what was made in it. */
    session_ids: z.array(Id),
    /** Kinds of what there was to undo. */
    undone: z.array(z.string()),
  }),
});

const ManagedAccount = z.object({ user_id: Id, organization_id: Id });

export const managedPasswordSet = event({
  type: 'identity.managed_account.password_set',
  version: 1,
  audit: 'auth.password.set_by_organization',
  summary: 'An organization set the password of an account that it manages',
  data: ManagedAccount,
});

export const accountReleased = event({
  type: 'identity.managed_account.released',
  version: 1,
  audit: 'user.released',
  summary:
    'An organization manages an account no longer: its user belongs to another as well, or the organization is gone',
  data: ManagedAccount,
});
