import { Id } from '@rivergate/endpoint';
import { memberRemoved } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
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
      'Roles and workspace memberships go with it. The last active administrator cannot be removed.',
    caller: 'admin',
    params: z.object({ org_id: Id, user_id: Id }),
    answer: z.object({ user_id: Id }),
    message: 'Member removed successfully',
    messageInData: true,
    errors: [UserNotFound, LastAdministrator],
  },
  async ({ params: { org_id: organizationId, user_id: userId }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const membership = await membershipOf(db, organizationId, userId);
    await keepAnAdministrator(db, organizationId, membership);
    await db('memberships').where({ organization_id: organizationId, user_id: userId }).delete();
    const data = { organization_id: organizationId, user_id: userId };
    await emit(memberRemoved, { aggregateId: userId, organizationId, data });
    return { user_id: userId };
  },
);
