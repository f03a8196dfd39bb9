import { Id, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { WithdrawnInvitation, withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { builtInRole, roleOfOrganization } from '../roles/role-store.ts';
import { changeRole } from './change-role.ts';
import { EmailDomainNotAllowed, LastAdministrator, UserNotFound } from './errors.ts';
import { MemberInFull } from './member.ts';
import { memberOf, membershipOf, workspacesOfMember } from './member-store.ts';

export const updateMember = endpoint(
  {
    operation: 'updateMember',
    method: 'patch',
    path: '/organizations/:org_id/members/:user_id',
    summary: 'Change the role of a member, or whether the member administers the organization',
    description:
      'The role replaces every role held organization-wide, and those same roles where they are held in workspaces; ' +
      'other roles in workspaces stay. The Admin role makes an administrator and the flag gives the Admin role; an ' +
      'administrator who loses the flag and gets no role becomes Viewer.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, user_id: Id }),
    body: z
      .object({ role_id: Id.optional(), is_admin: z.boolean().optional() })
      .refine(body => body.role_id !== undefined || body.is_admin !== undefined, {
        error: 'needs role_id or is_admin',
        params: { code: 'required' },
      })
      .meta({ description: 'At least one of role_id and is_admin', examples: [{ role_id: 4 }] }),
    answer: z.object({
      member: MemberInFull,
      withdrawn_invitations: z.array(WithdrawnInvitation).meta({
        description: 'Pending invitations of the member that the member could not send any more',
      }),
    }),
    message: 'Member updated successfully',
    messageInData: true,
    errors: [UserNotFound, RoleNotFound, LastAdministrator, EmailDomainNotAllowed],
  },
  async ({ params: { org_id: organizationId, user_id: userId }, body, caller, db, emit }) => {
    await lockOrganization(db, organizationId);
    const membership = await membershipOf(db, organizationId, userId);

    const admin = await builtInRole(db, organizationId, 'Admin');
    const named =
      body.role_id === undefined ? undefined : await roleOfOrganization(db, organizationId, body.role_id);
    const isAdmin = body.is_admin ?? (named ? named.id === admin.id : membership.is_admin);
    if (named && (named.id === admin.id) !== isAdmin) {
      const reason = 'contradicts role_id: the Admin role and the administrator flag go together';
      throw ValidationFailed(undefined, [{ field: 'body.is_admin', code: 'not_allowed', reason }]);
    }

    const flagChanges = isAdmin !== membership.is_admin;
    // The flag that the member has already leaves the role alone.
    const role =
      named ??
      (flagChanges ? (isAdmin ? admin : await builtInRole(db, organizationId, 'Viewer')) : undefined);
    if (role) await changeRole({ db, emit }, organizationId, membership, role, caller.userId);

    const withdrawn = await withdrawInvitations({ db, emit }, organizationId, userId);
    const member = await memberOf(db, organizationId, userId);
    return {
      member: { ...member, workspaces: await workspacesOfMember(db, organizationId, userId) },
      withdrawn_invitations: withdrawn,
    };
  },
);
