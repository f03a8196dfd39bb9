import { Id, organizationList, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { MemberStatus } from '../members/member.ts';
import { matchingMembers } from '../members/member-store.ts';
import { inUserOrder, USER_ORDER } from './list-users.ts';
import { shownUser, User, userColumns } from './user.ts';

const part = z.string().min(1).max(255).optional();

const users = organizationList('users', User, {
  name: part.meta({ description: 'Part of the display name' }),
  email: part.meta({ description: 'Part of the address' }),
  role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
  status: MemberStatus.optional(),
  active_since: Timestamp.optional().meta({ description: 'Who was seen at this moment or later' }),
  inactive_since: Timestamp.optional().meta({ description: 'Who was not seen at this moment or later' }),
  ...USER_ORDER,
});

export const searchUsers = endpoint(
  {
    operation: 'searchUsers',
    method: 'get',
    path: '/users/search',
    summary: 'Search users by name, email, role, status and last activity',
    description: 'A user has to match all that is given. Parts of three characters and more are found fast.',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    query: users.query,
    answer: users.answer,
    message: 'Users found successfully',
  },
  async ({ query, caller, db }) => {
    const { skip: _, limit: __, sort_by: ___, sort_order: ____, ...filter } = query;
    return await users.page(matchingMembers(db, caller.organizationId, filter), query, {
      read: matching => matching.select(userColumns(db)).orderBy(inUserOrder(query)),
      show: shownUser,
    });
  },
);
