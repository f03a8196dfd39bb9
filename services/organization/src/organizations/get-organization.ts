import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Organization } from './organization.ts';
import { enterOrganization } from './organization-store.ts';

export const getOrganization = endpoint(
  {
    operation: 'getOrganization',
    method: 'get',
    path: '/organizations/:org_id',
    summary: 'Get an organization',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({
      organization: Organization,
    }),
    message: 'Organization retrieved successfully',
    messageInData: true,
  },
  async ({ params, db }) => {
    const { id, name, domain, plan, created_at } = await enterOrganization(db, params.org_id);
    return { organization: { id, name, domain, plan, created_at } };
  },
);
