import { roleAssigned, roleWithdrawn } from '@rivergate/events';
import type { Work } from '../endpoint.ts';

export interface Assignment {
  organizationId: number;
  userId: number;
  roleId: number;
  /** null: organization-wide */
  workspaceId: number | null;
}

/** Gives a member a role; giving one that is held already changes nothing. */
export async function assignRole(
  { db, emit }: Work,
  assignment: Assignment,
  by: number | null,
): Promise<void> {
  const { organizationId, userId, roleId, workspaceId } = assignment;
  const row = {
    organization_id: organizationId,
    user_id: userId,
    role_id: roleId,
    workspace_id: workspaceId,
  };
  const inserted = await db('role_assignments')
    .insert({ ...row, assigned_by: by })
    .onConflict(['organization_id', 'user_id', 'role_id', 'workspace_id'])
    .ignore()
    .returning('id');
  if (inserted.length > 0) await emit(roleAssigned, { aggregateId: roleId, organizationId, data: row });
}

/** Takes every organization-wide role from a member. */
export async function withdrawOrganizationRoles(
  { db, emit }: Work,
  { organizationId, userId }: { organizationId: number; userId: number },
  keep: number,
): Promise<void> {
  const withdrawn: { role_id: number }[] = await db('role_assignments')
    .where({ organization_id: organizationId, user_id: userId })
    .whereNull('workspace_id')
    .whereNot('role_id', keep)
    .delete()
    .returning('role_id');
  for (const { role_id } of withdrawn) {
    const data = { organization_id: organizationId, role_id, user_id: userId, workspace_id: null };
    await emit(roleWithdrawn, { aggregateId: role_id, organizationId, data });
  }
}
