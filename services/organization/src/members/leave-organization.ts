import { Id, OrganizationNotFound } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { WithdrawnInvitation } from '../invitations/withdraw-invitations.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { endMembership } from './end-membership.ts';
import { LastAdministrator } from './errors.ts';
import { keepAnAdministrator } from './last-administrator.ts';
import { findMembership } from './member-store.ts';

export const leaveOrganization = endpoint(
  {
    operation: 'leaveOrganization',
    method: 'post',
    path: '/organizations/:org_id/leave',
    summary: 'Leave an organization; ends the sessions of the caller at once',
    description:
      'As the removal of a member: roles, workspace memberships and pending invitations that the caller sent go with ' +
      'it. The last active administrator, and so the owner of a personal organization, cannot leave.',
    caller: 'user',
    session: true,
    params: z.object({ org_id: Id }),
    answer: z.object({
      organization_id: Id,
      withdrawn_invitations: z
        .array(WithdrawnInvitation)
        .meta({ description: 'Pending invitations that the caller had sent' }),
    }),
    message: 'Organization left successfully',
    messageInData: true,
    errors: [LastAdministrator],
  },
  async ({ params: { org_id: organizationId }, caller: { userId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const membership = await findMembership(db, organizationId, userId);
    // Also a system administrator is none; and of two who leave at once with one account, the second has left.
    if (membership?.status !== 'active') throw OrganizationNotFound();
    await keepAnAdministrator(db, organizationId, membership);
    const withdrawn = await endMembership({ db, emit }, organizationId, userId);
    return { organization_id: organizationId, withdrawn_invitations: withdrawn };
  },
);
