import type { Knex } from 'knex';
import { type Account, accountById, lockAccount } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { isDisowned } from '../sessions/session-store.ts';

/**
 * The caller's account, kept as it is until the transaction ends: what touches a user's ways in happens one after the other.
 * Where the session was disowned meanwhile, it makes nothing any more.
 *
 * @throws CallerNotFound
 */
export async function lockCaller(
  db: Knex.Transaction,
  { userId, sessionId }: { userId: number; sessionId: number },
): Promise<Account> {
  await lockAccount(db, userId);
  const account = await accountById(db, userId);
  if (!account || account.disabled_at || (await isDisowned(db, sessionId))) throw CallerNotFound();
  return account;
}
