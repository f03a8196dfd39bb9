import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed, UserNotFound } from '../members/errors.ts';
import { membershipOf } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { addWorkspaceMember } from './add-workspace-member.ts';
import { AlreadyWorkspaceMember, WorkspaceNotFound } from './errors.ts';
import { defaultRole } from './settings-in-force.ts';
import { membersOfWorkspace, WorkspaceMember, workspaceMemberColumns } from './workspace-member.ts';
import { workspaceOfOrganization } from './workspace-store.ts';

export const addMemberToWorkspace = endpoint(
  {
    operation: 'addWorkspaceMember',
    method: 'post',
    path: '/organizations/:org_id/workspaces/:workspace_id/members',
    summary: 'Add a member of the organization to a workspace, with a role there',
    description:
      'The permissions of the role have to be held there by the caller, those of the default role, too.',
    caller: 'perm:workspace.members',
    clients: true,
    workspace: 'params.workspace_id',
    params: z.object({ org_id: Id, workspace_id: Id }),
    body: z.object({
      user_id: Id,
      role_id: Id.optional().meta({ description: 'Default: the default role of the workspace' }),
    }),
    status: 201,
    answer: z.object({ member: WorkspaceMember }),
    message: 'Workspace member added successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, UserNotFound, RoleNotFound, AlreadyWorkspaceMember, EmailDomainNotAllowed],
  },
  async ({ params: { org_id: organizationId, workspace_id: workspaceId }, body, caller, db, emit }) => {
    const organization = await lockOrganization(db, organizationId);
    const { settings } = await workspaceOfOrganization(db, organizationId, workspaceId);
    const { user_id: userId } = await membershipOf(db, organizationId, body.user_id);
    const role =
      body.role_id === undefined
        ? await defaultRole(db, organization, settings)
        : await roleOfOrganization(db, organizationId, body.role_id);
    mayHandOut(caller, role, workspaceId);
    const members = membersOfWorkspace(db, organizationId, workspaceId).where('m.user_id', userId);
    if (await members.clone().first('m.user_id')) throw AlreadyWorkspaceMember();
    await addWorkspaceMember(
      { db, emit },
      { organizationId, workspaceId, userId, roleId: role.id, by: caller.userId },
    );
    const [member] = await members.select(workspaceMemberColumns(db));
    return { member };
  },
);
