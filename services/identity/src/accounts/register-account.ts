import { EmailTaken } from '@rivergate/contracts';
import type { Emit } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { createAccount, lockAddress, type NewAccount, ownerOf } from './account-store.ts';
import { removeUnverified } from './remove-unverified.ts';

/**
 * Creates an account unless the address is taken. One that nobody verified takes it from nobody who signs up: it is
 * removed, with its password, codes and tokens, and what it founded ends with it. Only among accounts that are made for
 * organizations the first one stays, but against one for whose address an organization vouches.
 *
 * @returns the id of the new account
 * @throws EmailTaken
 */
export async function registerAccount(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  account: NewAccount,
): Promise<number> {
  await lockAddress(db, account.email);
  const owner = await ownerOf(db, account.email);
  if (owner && staysAgainst(account, owner)) throw EmailTaken();
  if (owner && !(await removeUnverified({ db, emit }, owner.id, 'replaced_by_signup'))) throw EmailTaken();
  return createAccount(db, account);
}

function staysAgainst(
  { holdsAddress, managedBy = null }: NewAccount,
  owner: NonNullable<Awaited<ReturnType<typeof ownerOf>>>,
): boolean {
  if (owner.verified) return true;
  return managedBy === null ? owner.holdsAddress && holdsAddress : owner.managedBy === managedBy;
}
