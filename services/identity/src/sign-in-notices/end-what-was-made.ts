import type { Emit } from '@rivergate/endpoint';
import { emailChanged, registrationTokenRevoked, socialAccountDisconnected } from '@rivergate/events';
import type { Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';
import { type Account, accountById, dropPasswordMadeIn } from '../accounts/account-store.ts';
import { takeChangesBack } from '../email-change/address-change-store.ts';
import { addressChangedMail } from '../email-change/email-change-mails.ts';
import { dropEmailChange } from '../email-change/email-change-store.ts';
import { endPendingLogins } from '../login/pending-login-store.ts';
import { forgetConsents } from '../oauth/consent-store.ts';
import { revokeTokens as revokeOauthTokens } from '../oauth/revoke-tokens.ts';
import { grantsOfSession } from '../oauth/token-store.ts';
import { applicationsMadeIn } from '../oauth-applications/application-store.ts';
import { suspendApplication } from '../oauth-applications/suspend-application.ts';
import { revokeTokens as revokeRegistrationTokens } from '../oauth-registration/registration-token-store.ts';
import { withdrawPasskeys } from '../passkeys/withdraw-passkeys.ts';
import { clearResetTokens } from '../password/password-reset-store.ts';
import { revokeTokens } from '../personal-tokens/revoke-tokens.ts';
import { type WithdrawnFactor, withdrawSecondFactors } from '../second-factors/withdraw-second-factors.ts';
import { endImpersonations } from '../sessions/end-sessions.ts';
import { disconnectMadeIn } from '../social/social-account-store.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';

/** What of a disowned session there was to undo. */
export type Undone =
  | 'address'
  | 'password'
  | WithdrawnFactor
  | 'passkey'
  | 'trusted_device'
  | 'social_account'
  | 'token'
  | 'application'
  | 'made_application'
  | 'registration_token';

interface Tools {
  db: Knex.Transaction;
  emit: Emit;
  mail: Mailer;
}

/**
 * Undoes or ends what outlives sessions and was made in them: ways into the account, and what acts for its user. The caller
 * holds the account's row.
 *
 * @returns the account as it is then, and what there was
 */
export async function endWhatWasMade(
  tools: Tools,
  before: Account,
  sessionIds: readonly number[],
): Promise<{ account: Account; undone: Undone[] }> {
  const { db, emit } = tools;
  const { id: userId } = before;
  // First of all: mails about the rest go to the owner.
  const isAddressBack = await takeAddressBack(tools, before, sessionIds);
  const account = (await accountById(db, userId))!;
  const hadPassword = await dropPasswordMadeIn(db, userId, sessionIds);
  const ended = {
    passkey: 0,
    trusted_device: 0,
    token: 0,
    application: 0,
    made_application: 0,
    registration_token: 0,
  };
  for (const sessionId of sessionIds) {
    ended.passkey += await withdrawPasskeys(tools, account, { session_id: sessionId });
    ended.trusted_device += await revokeDevices({ db, emit }, { userId, sessionId }, 'disowned');
    const made = { user_id: userId, session_id: sessionId };
    ended.token += await revokeTokens({ db, emit }, made, 'disowned');
    for (const { grant_id, ...application } of await grantsOfSession(db, sessionId)) {
      await revokeOauthTokens({ db, emit }, application, { grant_id }, 'disowned');
      ended.application += 1;
    }
    // First the tokens: no client is let in by one behind the end of the others.
    for (const token of await revokeRegistrationTokens(db, { session_id: sessionId })) {
      const { id, organization_id: organizationId } = token;
      const data = { registration_token_id: id, reason: 'disowned' };
      await emit(registrationTokenRevoked, { aggregateId: id, organizationId, userId, data });
      ended.registration_token += 1;
    }
  }
  for (const own of await applicationsMadeIn(db, sessionIds))
    if (await suspendApplication({ db, emit }, own)) ended.made_application += 1;
  const factors = await withdrawSecondFactors({ db, emit }, userId, sessionIds);
  const providers = await disconnectMadeIn(db, userId, sessionIds);
  for (const provider of providers) {
    const data = { user_id: userId, provider };
    await emit(socialAccountDisconnected, { aggregateId: userId, organizationId: null, userId, data });
  }
  // Also of a session that had ended before it was disowned.
  await forgetConsents(db, userId);
  await endImpersonations({ db, emit }, { sessionIds, taken: true }, 'session_ended');
  await endPendingLogins(db, userId);
  await dropEmailChange(db, userId);
  await clearResetTokens(db, userId);
  const kinds = Object.entries(ended).flatMap(([kind, count]) => (count > 0 ? [kind as Undone] : []));
  return {
    account,
    undone: [
      ...(isAddressBack ? (['address'] as const) : []),
      ...(hadPassword ? (['password'] as const) : []),
      ...factors,
      ...(providers.length > 0 ? (['social_account'] as const) : []),
      ...kinds,
    ],
  };
}

/** Both mailboxes are told: whoever reads the one before may not be the owner any more. */
async function takeAddressBack(
  { db, emit, mail }: Tools,
  { id: userId, email: from, display_name: displayName }: Account,
  sessionIds: readonly number[],
): Promise<boolean> {
  const back = await takeChangesBack(db, { userId, primary: from }, sessionIds);
  if (back === from) return false;
  const data = { user_id: userId, old_email: from, new_email: back };
  await emit(emailChanged, { aggregateId: userId, organizationId: null, userId, data });
  await mail.send(db, addressChangedMail({ to: from, displayName, newEmail: back }));
  return true;
}
