import { deletion, Id, reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RequestedErasure } from '../erasure/erasure.ts';
import { requestErasure } from '../erasure/request-erasure.ts';
import { endMembership } from '../members/end-membership.ts';
import { LastAdministrator, UserNotFound } from '../members/errors.ts';
import { keepAnAdministrator } from '../members/last-administrator.ts';
import { userToChange } from './user-to-change.ts';

const deleted = deletion('user');

export const deleteUser = endpoint(
  {
    operation: 'deleteUser',
    method: 'delete',
    path: '/users/:user_id',
    summary: 'Remove a user from the organization',
    description:
      'Ends the sessions of the user at once. Roles, workspace memberships and pending invitations that the user sent go with ' +
      'it; the account belongs to its user and stays. With erase, all that the fleet holds on the user in this organization ' +
      'is erased, in every service, for good; so is an account that was made here and never verified.',
    caller: 'perm:user.delete',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    query: z.object({
      erase: z
        .boolean()
        .default(false)
        .meta({ description: 'Erase what is kept on the user (GDPR, article 17); answers 202' }),
    }),
    answer: deleted.answer.extend({ erasure: RequestedErasure.optional() }),
    message: 'User deleted successfully',
    errors: [UserNotFound, LastAdministrator],
  },
  async ({ params: { user_id: userId }, query, caller, db, emit }) => {
    const { membership } = await userToChange(db, caller, userId, 'user.delete');
    await keepAnAdministrator(db, caller.organizationId, membership);
    const work = { db, emit };
    await endMembership(work, caller.organizationId, userId);
    if (!query.erase) return deleted.of(userId);
    const erasure = await requestErasure(work, { userId, organizationId: caller.organizationId });
    return reply({ ...deleted.of(userId), erasure }, { status: 202, message: 'User is being erased' });
  },
);
