import type { Principal } from '@rivergate/caller';
import type { Work } from '../endpoint.ts';
import { assignRole } from '../roles/assign-role.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import type { RoleRow } from '../roles/role-store.ts';
import { enterWorkspace } from './add-workspace-member.ts';
import { TooManyMembers } from './errors.ts';

/** Members, and roles, that one transaction copies at most. */
const MOST = 1_000;

interface Held {
  user_id: number;
  role_id: number;
  expires_at: Date | null;
}

/**
 * Copies the members of one workspace into another with the roles that they hold there. The caller, who administers the new
 * one, stays what they are in it. The caller holds the organization's lock.
 *
 * @throws Forbidden for a role with permissions that the caller does not hold in the first, TooManyMembers
 */
export async function copyMembers(
  work: Work,
  caller: Principal,
  { organizationId, from, to }: { organizationId: number; from: number; to: number },
): Promise<void> {
  const { db } = work;
  const ofSource = { organization_id: organizationId, workspace_id: from };
  const others = db('workspace_members')
    .where(ofSource)
    .whereNot('user_id', caller.userId ?? 0);
  const members: number[] = await others
    .clone()
    .orderBy('user_id')
    .limit(MOST + 1)
    .pluck('user_id');
  const held: Held[] = await db('held_roles')
    .where(ofSource)
    .whereIn('user_id', others.clone().select('user_id'))
    .orderBy('id')
    .limit(MOST + 1)
    .select('user_id', 'role_id', 'expires_at');
  if (members.length > MOST || held.length > MOST) throw TooManyMembers();

  const roleIds = [...new Set(held.map(({ role_id }) => role_id))];
  const roles: RoleRow[] = await db('roles')
    .where({ organization_id: organizationId })
    .whereIn('id', roleIds)
    .select('name', 'permissions');
  for (const role of roles) mayHandOut(caller, role, from);
  for (const userId of members) await enterWorkspace(work, { organizationId, workspaceId: to, userId });
  for (const { user_id: userId, role_id: roleId, expires_at: expiresAt } of held)
    await assignRole(work, { organizationId, workspaceId: to, userId, roleId, expiresAt }, caller.userId);
}
