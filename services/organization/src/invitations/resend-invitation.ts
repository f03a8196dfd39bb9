import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { AlreadyMember } from '../members/errors.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import {
  InvitationAlreadyAccepted,
  InvitationAlreadyExists,
  InvitationNotFound,
  InvitationRevoked,
} from './errors.ts';
import { requirePending } from './invitation.ts';
import { findById, reopen, seatsTaken } from './invitation-store.ts';
import { INVITING } from './invite.ts';
import { sendInvitation } from './issue-invitation.ts';

export const resendInvitation = endpoint(
  {
    operation: 'resendInvitation',
    method: 'post',
    path: '/organizations/:org_id/invitations/:invitation_id/resend',
    summary: 'Send an invitation again, with a new token and a new expiry',
    description:
      'Of a pending invitation or one that has lapsed. The earlier token stops working at once. From then on it is the ' +
      "caller's invitation: the caller must be able to hand out its role, now and when it is accepted. The mail counts in " +
      'the limits of invitation mails.',
    caller: 'perm:member.invite',
    params: z.object({ org_id: Id, invitation_id: Id }),
    answer: z.object({
      invitation: z.object({ id: Id, token: z.string(), email: z.string(), expires_at: Timestamp }),
    }),
    message: 'Invitation sent again',
    messageInData: true,
    errors: [...INVITING, InvitationNotFound, InvitationAlreadyAccepted, InvitationRevoked],
  },
  async ({ params: { org_id, invitation_id: id }, caller, db, emit, plans, ...tools }) => {
    const organization = await lockOrganization(db, org_id);
    const invitation = await findById(db, id);
    if (!invitation) throw InvitationNotFound();
    if (invitation.status !== 'expired') requirePending(invitation);
    const { email, message, workspace_id, workspace_name, role_id } = invitation;
    if (role_id === null) throw RoleNotFound();
    if (workspace_id === null || workspace_name === null) throw WorkspaceNotFound();
    const role = await roleOfOrganization(db, organization.id, role_id);
    mayHandOut(caller, role);
    requireAllowedAddress(organization.settings, email);
    if (await isMemberAddress(db, organization.id, email)) throw AlreadyMember();

    const sender = { invited_by: caller.userId, by_system_admin: caller.isSystemAdmin };
    if (!(await reopen(db, invitation, sender))) throw InvitationAlreadyExists();
    const workspace = { id: workspace_id, name: workspace_name };
    const again = { email, workspace, role, message, invitedBy: caller.userId };
    const sent = await sendInvitation({ db, emit }, organization, id, again, tools);
    // Counted with its new time: one that had lapsed takes a seat again.
    if ((await seatsTaken(db, organization.id)) > plans.seats(organization.plan)) throw PlanLimitExceeded();
    return { invitation: { id, token: sent.token, email, expires_at: sent.expiresAt } };
  },
);
