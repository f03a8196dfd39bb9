import { holds } from '@rivergate/caller';
import { acrossOrganizations, Forbidden, Id, missingPermission } from '@rivergate/endpoint';
import { invitationRevoked } from '@rivergate/events';
import { z } from 'zod';
import { standingOf } from '../access/standing.ts';
import { endpoint } from '../endpoint.ts';
import { lockAnyOrganization } from '../organizations/organization-store.ts';
import { InvitationNotFound } from './errors.ts';
import { CLOSED, Invitation, requirePending, shown } from './invitation.ts';
import { close, findById } from './invitation-store.ts';

export const revokeInvitation = endpoint(
  {
    operation: 'revokeInvitation',
    method: 'delete',
    path: '/invitations/:invitation',
    summary: 'Revoke a pending invitation',
    description:
      'Takes member.invite in the organization of the invitation. The token stops working at once.',
    // The permission counts in the invitation's organization, whichever is active.
    caller: 'user',
    // The same place of the path holds a token where an invitation is previewed: one name for both.
    params: z.object({ invitation: Id.meta({ description: 'Id of the invitation' }) }),
    answer: z.object({ invitation: Invitation }),
    message: 'Invitation revoked successfully',
    messageInData: true,
    errors: [Forbidden, InvitationNotFound, ...CLOSED],
  },
  async ({ params: { invitation: id }, caller, db, emit }) => {
    // The id alone says which organization it is; from there on the transaction is bound to that one.
    await acrossOrganizations(db);
    const found = await findById(db, id);
    if (!found) throw InvitationNotFound();
    await lockAnyOrganization(db, found.organization_id);

    if (!caller.isSystemAdmin) {
      const { member, permissions } = await standingOf(db, found.organization_id, caller.userId);
      if (!member) throw InvitationNotFound();
      if (!holds({ permissions, isSystemAdmin: false }, 'member.invite')) {
        throw Forbidden(undefined, [missingPermission('member.invite')]);
      }
    }

    const invitation = await findById(db, id);
    if (!invitation) throw InvitationNotFound();
    requirePending(invitation);
    await close(db, id, 'revoked', caller.userId);
    await emit(invitationRevoked, {
      aggregateId: id,
      organizationId: found.organization_id,
      data: { invitation_id: id, organization_id: found.organization_id },
    });
    return { invitation: shown({ ...invitation, status: 'revoked' }) };
  },
);
