import { workspaceMemberAdded } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { assignRole } from '../roles/assign-role.ts';

export interface WorkspacePlace {
  organizationId: number;
  workspaceId: number;
  userId: number;
}

/** Makes a member of the organization a member of one of its workspaces. */
export async function enterWorkspace({ db, emit }: Work, place: WorkspacePlace): Promise<void> {
  const { organizationId, workspaceId, userId } = place;
  const row = { organization_id: organizationId, workspace_id: workspaceId, user_id: userId };
  await db('workspace_members').insert(row);
  await emit(workspaceMemberAdded, { aggregateId: workspaceId, organizationId, data: row });
}

/** The same, with a role there. */
export async function addWorkspaceMember(
  work: Work,
  { roleId, by, ...place }: WorkspacePlace & { roleId: number; by: number | null },
): Promise<void> {
  await enterWorkspace(work, place);
  await assignRole(work, { ...place, roleId }, by);
}
