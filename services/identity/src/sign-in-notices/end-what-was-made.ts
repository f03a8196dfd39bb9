import type { Emit } from '@rivergate/endpoint';
import type { Mailer } from '@rivergate/mail';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import { revokeTokens as revokeOauthTokens } from '../oauth/revoke-tokens.ts';
import { grantsOfSession } from '../oauth/token-store.ts';
import { withdrawPasskeys } from '../passkeys/withdraw-passkeys.ts';
import { revokeTokens } from '../personal-tokens/revoke-tokens.ts';

/** Ends what outlives a session and was made in it: tokens, passkeys, and what applications were let do. */
export async function endWhatWasMade(
  { db, emit, mail }: { db: Knex.Transaction; emit: Emit; mail: Mailer },
  account: Account,
  sessionId: number,
): Promise<void> {
  await revokeTokens({ db, emit }, { user_id: account.id, session_id: sessionId }, 'disowned');
  await withdrawPasskeys({ db, emit, mail }, account, { session_id: sessionId });
  for (const { grant_id, ...application } of await grantsOfSession(db, sessionId))
    await revokeOauthTokens({ db, emit }, application, { grant_id }, 'disowned');
}
