import { Id, organizationList, sortedPages, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Member, MemberStatus } from './member.ts';
import { memberSearch } from './member-search.ts';
import { countMembers, type MemberRow, matchingMembers, memberColumns, memberOrder } from './member-store.ts';

const pages = sortedPages('members');
const members = organizationList('members', Member, {
  ...pages.query,
  search: z.string().max(255).optional().meta({ description: 'Part of address or display name' }),
  role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
  status: MemberStatus.optional(),
  ...sorting(['joined_at', 'email', 'display_name']),
});

export const listMembers = endpoint(
  {
    operation: 'listMembers',
    method: 'get',
    path: '/organizations/:org_id/members',
    summary: 'List the members of an organization with role and status',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id }),
    query: members.query,
    answer: members.answer.extend(pages.answer),
    message: 'Members retrieved successfully',
    messageInData: true,
  },
  async ({ params: { org_id: organizationId }, query, db }) => {
    await enterOrganization(db, organizationId);
    const { search, role_id, status, skip: from, limit, cursor } = query;
    const found = await memberSearch(db, organizationId, { search });
    const matching = matchingMembers(db, organizationId, { role_id, status }, found);
    const total_count = await countMembers(db, organizationId, matching, { search, role_id, status });
    const order = memberOrder(query.sort_by, query.sort_order);
    const page = { cursor, from, limit };
    const { rows, next_cursor } = await pages.page<MemberRow>(matching, memberColumns(db), order, page);
    return { members: rows, total_count, next_cursor };
  },
);
