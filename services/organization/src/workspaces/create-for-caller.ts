import type { Principal } from '@rivergate/caller';
import { workspaceSettingsChanged } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { findMembership } from '../members/member-store.ts';
import { builtInRole } from '../roles/role-store.ts';
import { addWorkspaceMember } from './add-workspace-member.ts';
import { createWorkspace, type WorkspaceRow } from './create-workspace-row.ts';
import type { StoredSettings } from './workspace-settings.ts';

/**
 * Creates a workspace with its creator as a member who administers it. A system administrator who is no member, or a client,
 * creates it for others, without joining.
 *
 * @returns undefined when the name, or the slug made from it, is in use in the organization
 */
export async function createForCaller(
  work: Work,
  { userId }: Principal,
  {
    organizationId,
    name,
    settings = {},
  }: { organizationId: number; name: string; settings?: StoredSettings },
): Promise<WorkspaceRow | undefined> {
  const workspace = await createWorkspace(work, { organizationId, name, isDefault: false, settings });
  if (!workspace) return undefined;
  const { id: workspaceId } = workspace;
  const fields = Object.keys(settings);
  if (fields.length > 0) {
    const data = { workspace_id: workspaceId, organization_id: organizationId, fields, before: {}, settings };
    await work.emit(workspaceSettingsChanged, { aggregateId: workspaceId, organizationId, data });
  }
  if (userId !== null && (await findMembership(work.db, organizationId, userId))) {
    const { id: roleId } = await builtInRole(work.db, organizationId, 'Admin');
    await addWorkspaceMember(work, { organizationId, workspaceId, userId, roleId, by: userId });
  }
  return workspace;
}
