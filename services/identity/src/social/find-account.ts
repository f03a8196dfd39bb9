import type { Knex } from 'knex';
import {
  type Account,
  accountByEmail,
  accountById,
  lockAccount,
  lockAddress,
  ownerOf,
} from '../accounts/account-store.ts';
import type { Identified } from './identify.ts';
import { lockSubject, userOfSubject } from './social-account-store.ts';

/** Whose account a person at a provider comes for. */
export type Found =
  /** It was connected before, or its primary address is the one that the provider has verified. */
  | { state: 'known'; account: Account; connected: boolean }
  /** Somebody registered the address and never verified it. */
  | { state: 'unverified'; account: Account }
  /** The address is on file at an account that signs in with another one. */
  | { state: 'elsewhere' }
  | { state: 'unknown' };

/**
 * By the provider's id of the person, else by an address that the provider has verified, which has to be the primary
 * one: others on file do not sign in, whichever way.
 */
export async function findAccount(db: Knex, { provider, profile }: Identified): Promise<Found> {
  const userId = await userOfSubject(db, provider.name, profile.subject);
  const connected = userId === undefined ? undefined : await accountById(db, userId);
  if (connected) return { state: 'known', account: connected, connected: true };
  if (profile.email === null) return { state: 'unknown' };
  const account = await accountByEmail(db, profile.email);
  if (account?.verified_at) return { state: 'known', account, connected: false };
  if (account) return { state: 'unverified', account };
  return (await ownerOf(db, profile.email)) ? { state: 'elsewhere' } : { state: 'unknown' };
}

/** The same, and it stays so until the transaction ends. */
export async function lockFound(db: Knex.Transaction, identified: Identified): Promise<Found> {
  const { provider, profile } = identified;
  await lockSubject(db, provider.name, profile.subject);
  if (profile.email !== null) await lockAddress(db, profile.email);
  const found = await findAccount(db, identified);
  if (!('account' in found)) return found;
  await lockAccount(db, found.account.id);
  // A code or a change of address may have come before the lock.
  return findAccount(db, identified);
}
