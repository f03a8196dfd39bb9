import { workspaceMemberRemoved } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import type { WorkspacePlace } from './add-workspace-member.ts';

/** Ends the membership of a workspace; roles that are held there are not looked at. @returns whether there was one */
export async function leaveWorkspace(
  { db, emit }: Work,
  { organizationId, workspaceId, userId }: WorkspacePlace,
): Promise<boolean> {
  const where = { organization_id: organizationId, workspace_id: workspaceId, user_id: userId };
  if ((await db('workspace_members').where(where).delete()) === 0) return false;
  await emit(workspaceMemberRemoved, { aggregateId: workspaceId, organizationId, data: where });
  return true;
}
