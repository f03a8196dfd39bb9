import { Id, reply, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed, LastAdministrator, UserNotFound } from '../members/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { RoleNotFound } from './errors.ts';
import { mayHandOut } from './hand-out.ts';
import { Assignment } from './role.ts';
import { ASSIGNMENT_COLUMNS, giveRole } from './role-assignments.ts';
import { roleOfOrganization } from './role-store.ts';

const expiry = Timestamp.refine(moment => Date.parse(moment) > Date.now(), {
  error: 'must lie in the future',
  params: { code: 'too_small' },
});

export const assignRoleToUser = endpoint(
  {
    operation: 'assignRole',
    method: 'post',
    path: '/roles/:role_id/assignments',
    summary: 'Assign a role to a user, organization-wide or in a workspace, for good or for a time',
    description:
      'Of a role that is held there already, the end becomes the one given: 200. The permissions of the role have to be held ' +
      'where it is assigned. The Admin role organization-wide makes an administrator; one at least holds it for good.',
    caller: 'perm:role.assign',
    activeOrganization: true,
    clients: true,
    workspace: 'body.workspace_id',
    params: z.object({ role_id: Id }),
    body: z.object({
      user_id: Id,
      workspace_id: Id.optional().meta({ description: 'Default: organization-wide' }),
      expires_at: z
        .union([expiry, z.null()])
        .default(null)
        .meta({ description: 'From this moment on it is held no more; null: never' }),
    }),
    status: 201,
    answer: z.object({ assignment: Assignment }),
    message: 'Role assigned successfully',
    messageInData: true,
    errors: [RoleNotFound, UserNotFound, WorkspaceNotFound, LastAdministrator, EmailDomainNotAllowed],
  },
  async ({ params, body, caller, db, emit }) => {
    const { organizationId } = caller;
    await lockOrganization(db, organizationId);
    const role = await roleOfOrganization(db, organizationId, params.role_id);
    const workspaceId = body.workspace_id ?? null;
    if (workspaceId !== null) await workspaceOfOrganization(db, organizationId, workspaceId);
    mayHandOut(caller, role, workspaceId);
    const { user_id: userId } = body;
    const expiresAt = body.expires_at === null ? null : new Date(body.expires_at);
    const isNew = await giveRole(
      { db, emit },
      { organizationId, userId, role, workspaceId, expiresAt, by: caller.userId },
    );
    const assignment = await db('role_assignments')
      .where({
        organization_id: organizationId,
        role_id: role.id,
        user_id: userId,
        workspace_id: workspaceId,
      })
      .first(ASSIGNMENT_COLUMNS);
    return reply({ assignment }, { status: isNew ? 201 : 200 });
  },
);
