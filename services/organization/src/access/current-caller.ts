import { holds, type Permission, type Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { personOf } from '../people/people-store.ts';
import { standingOf } from './standing.ts';

/**
 * The caller with what is held now. Under the organization's lock, for which the removal of a member waits: nothing is
 * done behind it.
 *
 * @throws Forbidden for who does not hold the permission any more
 */
export async function currentCaller<Caller extends Principal>(
  db: Knex.Transaction,
  organizationId: number,
  caller: Caller,
  permission: Permission,
): Promise<Caller> {
  if (caller.isSystemAdmin || caller.userId === null) return caller;
  const person = await personOf(db, caller.userId);
  const current = { ...caller, ...(await standingOf(db, organizationId, caller.userId)) };
  if (person?.status === 'active' && holds(current, permission)) return current;
  throw Forbidden('You may not do this in the organization any more', [missingPermission(permission)]);
}
