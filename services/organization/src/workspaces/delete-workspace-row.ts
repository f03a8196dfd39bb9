import { invitationRevoked, workspaceDeleted } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { close } from '../invitations/invitation-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { DefaultWorkspace } from './errors.ts';
import { workspaceOfOrganization } from './workspace-store.ts';

/**
 * Deletes a workspace: with it go its members, the roles held there and the pending invitations into it. The event says so
 * to the services in which something lies that belongs to it.
 *
 * @throws WorkspaceNotFound, DefaultWorkspace
 */
export async function deleteWorkspace(
  { db, emit }: Work,
  organizationId: number,
  workspaceId: number,
): Promise<void> {
  // Who adds a member, invites or accepts waits for this lock, and finds no workspace then.
  await lockOrganization(db, organizationId);
  const { name, slug, is_default } = await workspaceOfOrganization(db, organizationId, workspaceId);
  if (is_default) throw DefaultWorkspace();
  const where = { organization_id: organizationId, workspace_id: workspaceId };
  const pending: number[] = await db('invitations')
    .where({ ...where, status: 'pending' })
    .orderBy('id')
    .pluck('id');
  for (const id of pending) {
    await close(db, id, 'revoked', null);
    const data = { invitation_id: id, organization_id: organizationId, reason: 'workspace_deleted' };
    await emit(invitationRevoked, { aggregateId: id, organizationId, data });
  }
  await db('workspaces').where({ organization_id: organizationId, id: workspaceId }).delete();
  await emit(workspaceDeleted, { aggregateId: workspaceId, organizationId, data: { ...where, name, slug } });
}
