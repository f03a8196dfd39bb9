import { Id, organizationPage } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Role } from './role.ts';
import { rolePage } from './role-store.ts';

export const roleListing = {
  query: z.object({
    ...organizationPage,
    search: z.string().max(100).optional().meta({ description: 'Part of the name' }),
    sort_by: z.enum(['name', 'created_at', 'usage_count']).default('name'),
    sort_order: z.enum(['asc', 'desc']).default('asc'),
  }),
  answer: z.object({
    roles: z.array(Role),
    total_count: z.int(),
  }),
} as const;

export const listOrganizationRoles = endpoint(
  {
    operation: 'listOrganizationRoles',
    method: 'get',
    path: '/organizations/:org_id/roles',
    summary: 'List the roles of an organization',
    caller: 'user',
    params: z.object({ org_id: Id }),
    ...roleListing,
    message: 'Roles listed successfully',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    const { roles, total } = await rolePage(db, params.org_id, query);
    return { roles, total_count: total };
  },
);
