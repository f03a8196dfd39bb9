import { acrossOrganizations, organizationPage } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { OwnOrganization } from './organization.ts';
import { organizationsOfUser } from './organization-store.ts';

export const listOrganizations = endpoint(
  {
    operation: 'listOrganizations',
    method: 'get',
    path: '/organizations',
    summary: "List the caller's organizations",
    description: 'Those with an active membership, the personal one included, in order of name.',
    caller: 'user',
    query: z.object(organizationPage),
    answer: z.object({
      organizations: z.array(OwnOrganization),
      total_count: z.int(),
    }),
    message: 'Organizations retrieved successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    const mine = organizationsOfUser(db, caller.userId);
    const counted = await mine.clone().count({ total: '*' }).first();
    const organizations = await mine
      .select('o.id', 'o.name', 'o.domain', 'o.plan', 'm.is_admin', 'o.created_at')
      .orderBy([{ column: 'o.name_key' }, { column: 'o.id' }])
      .offset(query.skip)
      .limit(query.limit);
    return { organizations, total_count: Number(counted?.total) };
  },
);
