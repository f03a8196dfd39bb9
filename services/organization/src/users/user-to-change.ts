import type { Permission, Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { currentCaller } from '../access/current-caller.ts';
import { type MembershipRow, membershipOf } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';

/**
 * Takes the organization's lock and finds the user whom the caller changes. Only administrators change administrators.
 *
 * @returns the membership, and the caller with what is held now
 * @throws UserNotFound, Forbidden
 */
export async function userToChange<Caller extends Principal>(
  db: Knex.Transaction,
  caller: Caller & { organizationId: number },
  userId: number,
  permission: Permission,
): Promise<{ membership: MembershipRow; caller: Caller & { organizationId: number } }> {
  await lockOrganization(db, caller.organizationId);
  const current = await currentCaller(db, caller.organizationId, caller, permission);
  const membership = await membershipOf(db, caller.organizationId, userId);
  if (membership.is_admin && !current.isAdmin && !current.isSystemAdmin)
    throw Forbidden('Only administrators change administrators', [
      missingPermission('administrator of the organization'),
    ]);
  return { membership, caller: current };
}
