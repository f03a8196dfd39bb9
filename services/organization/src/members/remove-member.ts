import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { WithdrawnInvitation } from '../invitations/withdraw-invitations.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { endMembership } from './end-membership.ts';
import { LastAdministrator, UserNotFound } from './errors.ts';
import { keepAnAdministrator } from './last-administrator.ts';
import { membershipOf } from './member-store.ts';

export const removeMember = endpoint(
  {
    operation: 'removeMember',
    method: 'delete',
    path: '/organizations/:org_id/members/:user_id',
    summary: 'Remove a member; ends the sessions in the organization at once',
    description:
      'Roles, workspace memberships and pending invitations that the member sent go with it. The last active administrator cannot be removed.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, user_id: Id }),
    answer: z.object({
      user_id: Id,
      withdrawn_invitations: z
        .array(WithdrawnInvitation)
        .meta({ description: 'Pending invitations that the member had sent' }),
    }),
    message: 'Member removed successfully',
    messageInData: true,
    errors: [UserNotFound, LastAdministrator],
  },
  async ({ params: { org_id: organizationId, user_id: userId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const membership = await membershipOf(db, organizationId, userId);
    await keepAnAdministrator(db, organizationId, membership);
    const withdrawn = await endMembership({ db, emit }, organizationId, userId);
    return { user_id: userId, withdrawn_invitations: withdrawn };
  },
);
