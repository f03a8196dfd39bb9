import { Id, organizationList, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { MemberStatus } from '../members/member.ts';
import { inMemberOrder, matchingMembers } from '../members/member-store.ts';
import { shownUser, User, userColumns } from './user.ts';

/** How users are sorted, here and in a search. */
export const USER_ORDER = sorting(['created_at', 'email', 'display_name', 'last_login_at']);

/** The order of the rows for what is asked. */
export function inUserOrder({
  sort_by,
  sort_order,
}: {
  sort_by: 'created_at' | 'email' | 'display_name' | 'last_login_at';
  sort_order: 'asc' | 'desc';
}) {
  return inMemberOrder(sort_by === 'created_at' ? 'joined_at' : sort_by, sort_order);
}

const users = organizationList('users', User, {
  search: z.string().max(255).optional().meta({ description: 'Part of address or display name' }),
  status: MemberStatus.optional(),
  role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
  workspace_id: Id.optional().meta({ description: 'Who is a member of this workspace' }),
  ...USER_ORDER,
});

export const listUsers = endpoint(
  {
    operation: 'listUsers',
    method: 'get',
    path: '/users',
    summary: 'List the users of the organization',
    caller: 'perm:user.read',
    activeOrganization: true,
    clients: true,
    query: users.query,
    answer: users.answer,
    message: 'Users listed successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    const { search, status, role_id, workspace_id } = query;
    const found = matchingMembers(db, caller.organizationId, { search, status, role_id, workspace_id });
    return await users.page(found, query, {
      read: matching => matching.select(userColumns(db)).orderBy(inUserOrder(query)),
      show: shownUser,
    });
  },
);
