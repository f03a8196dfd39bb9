import { Id, ValidationFailed } from '@rivergate/endpoint';
import { Job, TooManyJobs } from '@rivergate/jobs';
import { z } from 'zod';
import { endpoint, jobKind } from '../endpoint.ts';
import { withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { changeRole } from '../members/change-role.ts';
import { changeStatus } from '../members/change-status.ts';
import { MemberStatus } from '../members/member.ts';
import { memberOf } from '../members/member-store.ts';
import { Reference } from '../reference.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { builtInRole, roleOfOrganization } from '../roles/role-store.ts';
import { addWorkspaceMember } from '../workspaces/add-workspace-member.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { CannotSuspendSelf } from './errors.ts';
import { Reason } from './update-user-status.ts';
import { type UserRow, userColumns } from './user.ts';
import { userToChange } from './user-to-change.ts';

const PATH = '/users/bulk-update';
const MOST = 500;

const Change = z.object({
  role_id: Id.optional().meta({ description: 'Replaces every role held organization-wide' }),
  status: MemberStatus.optional(),
  workspace_id: Id.optional().meta({
    description: 'Of which they become members, with role_id or else the role held organization-wide',
  }),
  reason: Reason.optional(),
});

/** Each user as if changed alone: what that would be refused with is the result of the item. */
export const updatingUsers = jobKind(
  {
    name: 'update_users',
    path: PATH,
    caller: 'perm:user.write',
    input: Change,
    item: z.object({ user_id: Id }),
    result: z.object({
      user: z.object({ id: Id, status: MemberStatus, is_admin: z.boolean(), role: Reference.nullable() }),
    }),
    attempts: 8,
  },
  async ({ input, item: { user_id: userId }, caller: starter, db, emit }) => {
    const { organizationId } = starter;
    const work = { db, emit };
    const { membership, caller } = await userToChange(db, starter, userId, 'user.write');
    if (input.status === 'suspended' && userId === caller.userId) throw CannotSuspendSelf();
    if (input.role_id !== undefined) {
      const role = await roleOfOrganization(db, organizationId, input.role_id);
      mayHandOut(caller, role);
      await changeRole(work, organizationId, membership, role, caller.userId);
      await withdrawInvitations(work, organizationId, userId);
    }
    const user = await memberOf<UserRow>(db, organizationId, userId, userColumns(db));
    if (input.workspace_id !== undefined) {
      const { id: workspaceId } = await workspaceOfOrganization(db, organizationId, input.workspace_id);
      const place = { organization_id: organizationId, workspace_id: workspaceId, user_id: userId };
      const held = user.role?.id ?? (await builtInRole(db, organizationId, 'Viewer')).id;
      const role = await roleOfOrganization(db, organizationId, held);
      mayHandOut(caller, role, workspaceId);
      if (!(await db('workspace_members').where(place).first('user_id')))
        await addWorkspaceMember(work, {
          organizationId,
          workspaceId,
          userId,
          roleId: role.id,
          by: caller.userId,
        });
    }
    const { status = membership.status, reason } = input;
    await changeStatus(work, organizationId, { ...membership, is_admin: user.is_admin }, { status, reason });
    return { user: { id: userId, status, is_admin: user.is_admin, role: user.role } };
  },
);

export const bulkUpdateUsers = endpoint(
  {
    operation: 'bulkUpdateUsers',
    method: 'post',
    path: PATH,
    summary: 'Change role, status or workspace of up to 500 users at once',
    description:
      'Answers at once with a job; its items have a result for each user, in the order given, with the codes that changing ' +
      'the user alone would answer. All that is given is changed of each user, or nothing.',
    caller: 'perm:user.write',
    activeOrganization: true,
    body: Change.extend({
      user_ids: z
        .array(Id)
        .min(1)
        .max(MOST)
        .meta({ description: 'Each once', examples: [[7, 8]] }),
    }),
    answer: Job,
    status: 202,
    message: 'Users are being updated',
    errors: [TooManyJobs],
  },
  {
    check({ body: { user_ids, role_id, status, workspace_id } }) {
      const details = [];
      if (new Set(user_ids).size < user_ids.length)
        details.push({
          field: 'body.user_ids',
          code: 'not_allowed',
          reason: 'must name each user once',
        } as const);
      if (role_id === undefined && status === undefined && workspace_id === undefined)
        details.push({
          field: 'body',
          code: 'required',
          reason: 'needs role_id, status or workspace_id',
        } as const);
      if (details.length > 0) throw ValidationFailed(undefined, details);
    },
    handle: async ({ body: { user_ids, ...input }, ...context }) =>
      await updatingUsers.start(context, { input, items: user_ids.map(user_id => ({ user_id })) }),
  },
);
