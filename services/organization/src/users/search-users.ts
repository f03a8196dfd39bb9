import { Id, organizationList, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { MemberStatus } from '../members/member.ts';
import { pageOfUsers, userPages } from './list-users.ts';
import { User } from './user.ts';

const part = z.string().min(1).max(255).optional();

const users = organizationList('users', User, {
  name: part.meta({ description: 'Part of the display name' }),
  email: part.meta({ description: 'Part of the address' }),
  role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
  status: MemberStatus.optional(),
  active_since: Timestamp.optional().meta({ description: 'Who was seen at this moment or later' }),
  inactive_since: Timestamp.optional().meta({ description: 'Who was not seen at this moment or later' }),
  ...userPages.query,
});

export const searchUsers = endpoint(
  {
    operation: 'searchUsers',
    method: 'get',
    path: '/users/search',
    summary: 'Search users by name, email, role, status and last activity',
    description: 'A user has to match all that is given.',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    query: users.query,
    answer: users.answer.extend(userPages.answer),
    message: 'Users found successfully',
  },
  async ({ query, caller, db }) => await pageOfUsers(db, caller.organizationId, query),
);
