import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { findMembership } from '../members/member-store.ts';
import { Name } from '../names/name.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { builtInRole } from '../roles/role-store.ts';
import { addWorkspaceMember } from './add-workspace-member.ts';
import { createWorkspace } from './create-workspace-row.ts';
import { WorkspaceAlreadyExists } from './errors.ts';
import { Workspace } from './workspace.ts';

export const createOrganizationWorkspace = endpoint(
  {
    operation: 'createOrganizationWorkspace',
    method: 'post',
    path: '/organizations/:org_id/workspaces',
    summary: 'Create a workspace',
    description:
      'The slug is made from the name. The creator, where it is a member, gets the Admin role in it.',
    caller: 'perm:workspace.create',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z.object({ name: Name.meta({ description: 'Unique in the organization without regard to case' }) }),
    status: 201,
    answer: z.object({
      workspace: Workspace.omit({ is_default: true }),
    }),
    message: 'Workspace created successfully',
    messageInData: true,
    errors: [WorkspaceAlreadyExists],
  },
  async ({ params: { org_id: organizationId }, body, caller, db, emit }) => {
    await enterOrganization(db, organizationId);
    const workspace = await createWorkspace(
      { db, emit },
      { organizationId, name: body.name, isDefault: false },
    );
    if (!workspace) throw WorkspaceAlreadyExists();

    const userId = caller.userId;
    // A system administrator, or a client, creates it for others, without joining the organization.
    if (userId !== null && (await findMembership(db, organizationId, userId))) {
      const { id: roleId } = await builtInRole(db, organizationId, 'Admin');
      await addWorkspaceMember(
        { db, emit },
        { organizationId, workspaceId: workspace.id, userId, roleId, by: userId },
      );
    }
    const { id, name, slug } = workspace;
    return { workspace: { id, name, slug, organization_id: organizationId } };
  },
);
