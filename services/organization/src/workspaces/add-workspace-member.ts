import { workspaceMemberAdded } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { assignRole } from '../roles/assign-role.ts';

/** Makes a member of the organization a member of one of its workspaces, with a role there. */
export async function addWorkspaceMember(
  work: Work,
  member: { organizationId: number; workspaceId: number; userId: number; roleId: number; by: number },
): Promise<void> {
  const { organizationId, workspaceId, userId, roleId, by } = member;
  const row = { organization_id: organizationId, workspace_id: workspaceId, user_id: userId };
  await work.db('workspace_members').insert(row);
  await work.emit(workspaceMemberAdded, { aggregateId: workspaceId, organizationId, data: row });
  await assignRole(work, { organizationId, userId, roleId, workspaceId }, by);
}
