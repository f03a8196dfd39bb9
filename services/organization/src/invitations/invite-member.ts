import { EmailAddress, Forbidden, Id, RateLimited, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { AlreadyMember } from '../members/errors.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { InvitationAlreadyExists } from './errors.ts';
import { mayHandOut } from './hand-out.ts';
import { PersonalMessage } from './invitation.ts';
import { seatsTaken } from './invitation-store.ts';
import { prepareInvitation, sendInvitation } from './issue-invitation.ts';

export const inviteMember = endpoint(
  {
    operation: 'inviteMember',
    method: 'post',
    path: '/organizations/:org_id/members/invite',
    summary: 'Invite someone by email into a workspace with a role',
    description: 'The token is shown here and in the mail, and nowhere else.',
    caller: 'perm:member.invite',
    params: z.object({ org_id: Id }),
    body: z.object({
      email: EmailAddress,
      workspace_id: Id,
      role_id: Id.meta({ description: 'Given on acceptance, organization-wide and in the workspace' }),
      message: PersonalMessage.optional(),
    }),
    answer: z.object({
      invitation: z.object({ id: Id, token: z.string(), email: z.string(), expires_at: Timestamp }),
    }),
    status: 201,
    message: 'Invitation sent successfully',
    messageInData: true,
    errors: [
      Forbidden,
      WorkspaceNotFound,
      RoleNotFound,
      AlreadyMember,
      InvitationAlreadyExists,
      PlanLimitExceeded,
      RateLimited,
    ],
  },
  async ({ params, body, caller, db, emit, plans, mailer, appUrl, mailLimits }) => {
    const organization = await lockOrganization(db, params.org_id);
    const workspace = await workspaceOfOrganization(db, organization.id, body.workspace_id);
    const role = await roleOfOrganization(db, organization.id, body.role_id);
    mayHandOut(caller, role);
    if (await isMemberAddress(db, organization.id, body.email)) throw AlreadyMember();

    const invitedBy = caller.userId;
    const wanted = {
      email: body.email,
      workspace,
      role,
      message: body.message ?? null,
      invitedBy,
      bySystemAdmin: caller.isSystemAdmin,
    };
    const id = await prepareInvitation({ db, emit }, organization, wanted);
    if (id === undefined) throw InvitationAlreadyExists();
    if ((await seatsTaken(db, organization.id)) > plans.seats(organization.plan)) throw PlanLimitExceeded();

    const { token, expiresAt } = await sendInvitation({ db, emit }, organization, id, wanted, {
      mailer,
      appUrl,
      mailLimits,
    });
    return { invitation: { id, token, email: body.email, expires_at: expiresAt } };
  },
);
