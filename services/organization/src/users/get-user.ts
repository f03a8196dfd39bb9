import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { memberOf, workspacesOfMember } from '../members/member-store.ts';
import { shownUser, UserInFull, type UserRow, userColumns } from './user.ts';

export const getUser = endpoint(
  {
    operation: 'getUser',
    method: 'get',
    path: '/users/:user_id',
    summary: 'Get a user',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    answer: z.object({ user: UserInFull }),
    message: 'User retrieved successfully',
    messageInData: true,
    errors: [UserNotFound],
  },
  async ({ params: { user_id: userId }, caller: { organizationId }, db }) => {
    const user = await memberOf<UserRow>(db, organizationId, userId, userColumns(db));
    return { user: { ...shownUser(user), workspaces: await workspacesOfMember(db, organizationId, userId) } };
  },
);
