import { Id } from '@rivergate/endpoint';
import { roleWithdrawn } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { WorkspaceNotFound } from './errors.ts';
import { leaveWorkspace } from './leave-workspace.ts';
import { workspaceOfOrganization } from './workspace-store.ts';

export const removeWorkspaceMember = endpoint(
  {
    operation: 'removeWorkspaceMember',
    method: 'delete',
    path: '/organizations/:org_id/workspaces/:workspace_id/members/:user_id',
    summary: 'Remove a member from a workspace, with the roles held there',
    description: 'Membership of the organization, and what is held organization-wide, stay.',
    caller: 'perm:workspace.members',
    clients: true,
    workspace: 'params.workspace_id',
    params: z.object({ org_id: Id, workspace_id: Id, user_id: Id }),
    answer: z.object({ user_id: Id }),
    message: 'Workspace member removed successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, UserNotFound],
  },
  async ({ params, db, emit }) => {
    const { org_id: organizationId, workspace_id: workspaceId, user_id: userId } = params;
    await lockOrganization(db, organizationId);
    await workspaceOfOrganization(db, organizationId, workspaceId);
    const where = { organization_id: organizationId, workspace_id: workspaceId, user_id: userId };
    if (!(await leaveWorkspace({ db, emit }, { organizationId, workspaceId, userId })))
      throw UserNotFound('The workspace has no such member');
    const roles: { role_id: number }[] = await db('role_assignments')
      .where(where)
      .delete()
      .returning('role_id');
    for (const { role_id } of roles)
      await emit(roleWithdrawn, { aggregateId: role_id, organizationId, data: { ...where, role_id } });
    return { user_id: userId };
  },
);
