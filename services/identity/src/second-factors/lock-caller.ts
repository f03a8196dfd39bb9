import type { Knex } from 'knex';
import { type Account, accountById, lockAccount } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';

/**
 * The caller's account, kept as it is until the transaction ends: what touches a user's second factors happens one
 * after the other.
 *
 * @throws CallerNotFound
 */
export async function lockCaller(db: Knex.Transaction, userId: number): Promise<Account> {
  await lockAccount(db, userId);
  const account = await accountById(db, userId);
  if (!account || account.disabled_at) throw CallerNotFound();
  return account;
}
