import { holds, holdsIn } from '@rivergate/caller';
import { deletion, Forbidden, Id, missingPermission } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { WithdrawnInvitation, withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { LastAdministrator } from '../members/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { AssignmentNotFound, RoleNotFound, WouldLoseOwnRights } from './errors.ts';
import { mayHandOut } from './hand-out.ts';
import { keepOwnRights } from './keep-own-rights.ts';
import { withdrawRole } from './role-assignments.ts';
import { confirm } from './role-fields.ts';
import { isAdminRole, roleOfOrganization } from './role-store.ts';

const deleted = deletion('assignment');

export const withdrawAssignment = endpoint(
  {
    operation: 'withdrawRoleAssignment',
    method: 'delete',
    path: '/roles/:role_id/assignments/:assignment_id',
    summary: 'Withdraw a role from a user',
    description: 'Only administrators take the Admin role from somebody, and one of them has to remain.',
    caller: 'perm:role.assign',
    activeOrganization: true,
    clients: true,
    workspace: 'every',
    params: z.object({ role_id: Id, assignment_id: Id }),
    query: z.object({ confirm }),
    answer: deleted.answer.extend({
      withdrawn_invitations: z.array(WithdrawnInvitation).meta({
        description: 'Pending invitations of the user that the user could not send any more',
      }),
    }),
    message: 'Role assignment withdrawn successfully',
    messageInData: true,
    errors: [RoleNotFound, AssignmentNotFound, LastAdministrator, WouldLoseOwnRights],
  },
  async ({ params, query, caller, db, emit }) => {
    const { organizationId } = caller;
    const work = { db, emit };
    await lockOrganization(db, organizationId);
    const role = await roleOfOrganization(db, organizationId, params.role_id);
    const keeping = await keepOwnRights(db, organizationId, caller, query.confirm);
    const { user_id, workspace_id } = await withdrawRole(work, organizationId, {
      id: params.assignment_id,
      role,
    });
    const may =
      workspace_id === null ? holds(caller, 'role.assign') : holdsIn(caller, 'role.assign', workspace_id);
    if (!may) throw Forbidden('You are not allowed to do this there', [missingPermission('role.assign')]);
    if (workspace_id === null && isAdminRole(role)) mayHandOut(caller, role);
    if (user_id === caller.userId) await keeping();
    const withdrawn = await withdrawInvitations(work, organizationId, user_id);
    return { ...deleted.of(params.assignment_id), withdrawn_invitations: withdrawn };
  },
);
