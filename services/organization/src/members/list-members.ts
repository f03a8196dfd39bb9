import { Id, organizationList, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Member, MemberStatus } from './member.ts';
import { inMemberOrder, matchingMembers, memberColumns } from './member-store.ts';

const members = organizationList('members', Member, {
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
    answer: members.answer,
    message: 'Members retrieved successfully',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    const { search, role_id, status } = query;
    return await members.page(matchingMembers(db, params.org_id, { search, role_id, status }), query, {
      read: matching =>
        matching.select(memberColumns(db)).orderBy(inMemberOrder(query.sort_by, query.sort_order)),
    });
  },
);
