import { deletion, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
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
      'it; the account belongs to its user and stays.',
    caller: 'perm:user.delete',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    answer: deleted.answer,
    message: 'User deleted successfully',
    errors: [UserNotFound, LastAdministrator],
  },
  async ({ params: { user_id: userId }, caller, db, emit }) => {
    const { membership } = await userToChange(db, caller, userId, 'user.delete');
    await keepAnAdministrator(db, caller.organizationId, membership);
    await endMembership({ db, emit }, caller.organizationId, userId);
    return deleted.of(userId);
  },
);
