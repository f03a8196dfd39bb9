import type { Emit, RequestFacts } from '@rivergate/endpoint';
import { userRegistered } from '@rivergate/events';
import type { Knex } from 'knex';
import { acceptTerms, CURRENT_TERMS, createAccount, nameFromAddress } from '../accounts/account-store.ts';
import { removeUnverified } from '../accounts/remove-unverified.ts';
import { type AddressVerification, keepUsedLink } from './address-verification-store.ts';

type Tools = { db: Knex.Transaction; emit: Emit; request: RequestFacts };

/**
 * Replaces a registration by an account of whoever can read the mailbox: nothing that the registrant entered or holds
 * is left, be it a password, a name, a code or a token. The caller holds the lock of the address.
 *
 * @returns the id of the new account, which is not verified yet
 */
export async function claimAddress(
  { db, emit, request }: Tools,
  { user_id: registrantId, email }: Pick<AddressVerification, 'user_id' | 'email'>,
  { linkHash, passwordHash }: { linkHash: string; passwordHash: string },
): Promise<number> {
  if (!(await removeUnverified({ db, emit }, registrantId, 'claimed_by_mailbox')))
    throw new Error('A registration was verified under the lock of its row');
  const displayName = nameFromAddress(email);
  const userId = await createAccount(db, { email, displayName, passwordHash, holdsAddress: false });
  await acceptTerms(db, userId, CURRENT_TERMS, request.ip);
  await keepUsedLink(db, userId, linkHash);
  await emit(userRegistered, {
    aggregateId: userId,
    organizationId: null,
    userId,
    data: { user_id: userId, email, display_name: displayName },
  });
  return userId;
}
