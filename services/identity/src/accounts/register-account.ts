import { EmailTaken } from '@rivergate/contracts';
import type { Emit } from '@rivergate/endpoint';
import { userRemoved } from '@rivergate/events';
import type { Knex } from 'knex';
import {
  createAccount,
  deleteUnverifiedAccount,
  lockAddress,
  type NewAccount,
  ownerOf,
} from './account-store.ts';

/**
 * Creates an account unless the address is taken. A self-registration that nobody verified does not take it: that one
 * is removed, with its password, codes and tokens.
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
  if (owner?.verified || owner?.holdsAddress) throw EmailTaken();
  if (owner) {
    if (!(await deleteUnverifiedAccount(db, owner.id))) throw EmailTaken();
    await emit(userRemoved, {
      aggregateId: owner.id,
      organizationId: null,
      data: { user_id: owner.id, reason: 'replaced_by_signup' },
    });
  }
  return createAccount(db, account);
}
