import type { Principal } from '@rivergate/caller';
import type { Knex } from 'knex';
import { standingOf } from '../access/standing.ts';
import { WouldLoseOwnRights } from './errors.ts';

/**
 * Nobody takes from themselves by accident what they could not give back. Notes what the caller holds organization-wide;
 * what is returned compares that with what is held after the change, in the same transaction.
 *
 * @param confirmed they mean it: then nothing is compared
 */
export async function keepOwnRights(
  db: Knex.Transaction,
  organizationId: number,
  { userId }: Principal,
  confirmed: boolean,
): Promise<() => Promise<void>> {
  if (userId === null || confirmed) return async () => {};
  const { permissions: before } = await standingOf(db, organizationId, userId);
  return async () => {
    const { permissions: after } = await standingOf(db, organizationId, userId);
    const kept = (permission: string) => after.includes('*') || after.includes(permission);
    if (!before.every(kept)) throw WouldLoseOwnRights();
  };
}
