import { Id, organizationPage } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Member, MemberStatus } from './member.ts';
import { memberPage } from './member-store.ts';

export const listMembers = endpoint(
  {
    operation: 'listMembers',
    method: 'get',
    path: '/organizations/:org_id/members',
    summary: 'List the members of an organization with role and status',
    caller: 'user',
    params: z.object({ org_id: Id }),
    query: z.object({
      ...organizationPage,
      search: z.string().max(255).optional().meta({ description: 'Part of address or display name' }),
      role_id: Id.optional().meta({ description: 'Who holds this role organization-wide' }),
      status: MemberStatus.optional(),
      sort_by: z.enum(['joined_at', 'email', 'display_name']).default('joined_at'),
      sort_order: z.enum(['asc', 'desc']).default('asc'),
    }),
    answer: z.object({ members: z.array(Member), total_count: z.int() }),
    message: 'Members retrieved successfully',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    const { members, total } = await memberPage(db, params.org_id, query);
    return { members, total_count: total };
  },
);
