import { acrossOrganizations, Id, UpstreamUnavailable } from '@rivergate/endpoint';
import { invitationAccepted } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { addMember } from '../members/add-member.ts';
import { AlreadyMember, EmailDomainNotAllowed } from '../members/errors.ts';
import { findMembership, membersOf } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockAnyOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { Reference } from '../reference.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { WorkspaceReference } from '../workspaces/workspace.ts';
import {
  InvitationEmailMismatch,
  InvitationExpired,
  InvitationNotFound,
  InvitationRevoked,
} from './errors.ts';
import { isStillHandedOut } from './hand-out.ts';
import { CLOSED, NO_LONGER_HANDED_OUT, requirePending } from './invitation.ts';
import { close, findByToken } from './invitation-store.ts';
import { InvitationToken } from './preview-invitation.ts';

export const acceptInvitation = endpoint(
  {
    operation: 'acceptInvitation',
    method: 'post',
    path: '/invitations/:invitation_token/accept',
    summary: 'Accept an invitation as the signed-in user',
    description:
      'Gives the membership, the role organization-wide and in the workspace, in one step. The active organization of ' +
      'the session stays; switching changes it.',
    caller: 'user',
    session: true,
    params: z.object({ invitation_token: InvitationToken }),
    answer: z.object({
      invitation: z.object({ id: Id, status: z.literal('accepted') }),
      organization: Reference,
      workspace: WorkspaceReference,
      role: Reference,
    }),
    message: 'Invitation accepted successfully',
    messageInData: true,
    errors: [
      InvitationEmailMismatch,
      PlanLimitExceeded,
      InvitationNotFound,
      AlreadyMember,
      EmailDomainNotAllowed,
      ...CLOSED,
      UpstreamUnavailable,
    ],
    idempotency: { seconds: 86_400, spends: 'params.invitation_token' },
  },
  async ({ params, caller, db, emit, plans, acceptsAnyAddress }) => {
    const userId = caller.userId;
    // Whoever accepts is of no organization yet: the token says which one, and the transaction is bound to it then.
    await acrossOrganizations(db);
    const found = await findByToken(db, params.invitation_token);
    if (!found) throw InvitationNotFound();
    const organization = await lockAnyOrganization(db, found.organization_id);

    // Read again under the lock: of two who come at once, the second sees what the first did,
    // and of a deleted organization every invitation is revoked.
    const invitation = await findByToken(db, params.invitation_token);
    if (!invitation) throw InvitationNotFound();
    requirePending(invitation);
    const { id, role_id: roleId, workspace_id: workspaceId } = invitation;
    if (roleId === null || workspaceId === null) throw InvitationExpired();
    const role = await roleOfOrganization(db, organization.id, roleId);
    if (!(await isStillHandedOut(db, invitation, role))) throw InvitationRevoked(NO_LONGER_HANDED_OUT);

    if (!acceptsAnyAddress) {
      const person = await personOf(db, userId);
      // A fresh account that has not arrived here yet is nobody's mismatch: a moment later it is known.
      if (!person) throw UpstreamUnavailable('Your account is being set up; try again shortly');
      if (!person.verified_emails.includes(invitation.email)) throw InvitationEmailMismatch();
    }
    if (await findMembership(db, organization.id, userId)) throw AlreadyMember();
    if ((await membersOf(db, organization.id)) >= plans.seats(organization.plan)) throw PlanLimitExceeded();

    await close(db, id, 'accepted', userId);
    await addMember(
      { db, emit },
      {
        organizationId: organization.id,
        userId,
        role: { id: role.id, isAdmin: role.is_system && role.name === 'Admin' },
        workspaceId,
        source: 'invitation',
        displayName: invitation.display_name,
        by: invitation.invited_by,
      },
    );
    await emit(invitationAccepted, {
      aggregateId: id,
      organizationId: organization.id,
      data: { invitation_id: id, organization_id: organization.id, user_id: userId },
    });
    return {
      invitation: { id, status: 'accepted' as const },
      organization: { id: organization.id, name: organization.name },
      workspace: { id: workspaceId, name: invitation.workspace_name!, slug: invitation.workspace_slug! },
      role: { id: role.id, name: role.name },
    };
  },
);
