import { changesOf, memberChanged } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { replaceOrganizationRole } from '../roles/assign-role.ts';
import { isAdminRole, type RoleRow } from '../roles/role-store.ts';
import { keepAnAdministrator } from './last-administrator.ts';
import type { MembershipRow } from './member-store.ts';

/**
 * Makes this the one role that a member holds organization-wide: the Admin role makes an administrator, and any other
 * makes one no longer. The caller holds the organization's lock.
 *
 * @throws LastAdministrator, EmailDomainNotAllowed
 */
export async function changeRole(
  work: Work,
  organizationId: number,
  membership: MembershipRow,
  role: RoleRow,
  by: number | null,
): Promise<void> {
  const userId = membership.user_id;
  const is_admin = isAdminRole(role);
  if (!is_admin) await keepAnAdministrator(work.db, organizationId, membership);
  await work
    .db('memberships')
    .where({ organization_id: organizationId, user_id: userId })
    .update({ is_admin });
  const replaced = await replaceOrganizationRole(work, { organizationId, userId, roleId: role.id }, by);
  if (!replaced && is_admin === membership.is_admin) return;
  const changes = changesOf(membership, { is_admin });
  const data = { organization_id: organizationId, user_id: userId, role_id: role.id, is_admin, changes };
  await work.emit(memberChanged, { aggregateId: userId, organizationId, data });
}
