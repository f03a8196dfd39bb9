import { Id, organizationList, sortedPages, sorting } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { MemberStatus } from '../members/member.ts';
import { type MemberParts, memberSearch } from '../members/member-search.ts';
import { countMembers, type MemberFilter, matchingMembers, memberOrder } from '../members/member-store.ts';
import { shownUser, User, type UserRow, userColumns } from './user.ts';

/** How users are sorted, here and in a search. */
const USER_ORDER = sorting(['created_at', 'email', 'display_name', 'last_login_at']);

const pages = sortedPages('users');

/** What a list of users takes and answers beside its filters. */
export const userPages = { query: { ...USER_ORDER, ...pages.query }, answer: pages.answer };

interface Asked extends MemberFilter, MemberParts {
  skip: number;
  limit: number;
  cursor?: z.output<typeof pages.query.cursor>;
  sort_by: 'created_at' | 'email' | 'display_name' | 'last_login_at';
  sort_order: 'asc' | 'desc';
}

/** The users who match what is asked, in that order. */
export async function pageOfUsers(db: Knex.Transaction, organizationId: number, asked: Asked) {
  const { skip: from, limit, cursor, sort_by, sort_order, search, email, name, ...filter } = asked;
  const parts = { search, email, name };
  const found = await memberSearch(db, organizationId, parts);
  const matching = matchingMembers(db, organizationId, filter, found);
  const total_count = await countMembers(db, organizationId, matching, { ...parts, ...filter });
  const order = memberOrder(sort_by === 'created_at' ? 'joined_at' : sort_by, sort_order);
  const page = { cursor, from, limit };
  const { rows, next_cursor } = await pages.page<UserRow>(matching, userColumns(db), order, page);
  return { users: rows.map(shownUser), total_count, next_cursor };
}

const users = organizationList('users', User, {
  search: z.string().max(255).optional().meta({ description: 'Part of address or display name' }),
  status: MemberStatus.optional(),
  role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
  workspace_id: Id.optional().meta({ description: 'Who is a member of this workspace' }),
  ...userPages.query,
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
    answer: users.answer.extend(userPages.answer),
    message: 'Users listed successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => await pageOfUsers(db, caller.organizationId, query),
);
