import { Branding, brandingOf } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { keptBranding } from './branding-store.ts';

export const getBranding = endpoint(
  {
    operation: 'getBranding',
    method: 'get',
    path: '/organizations/:org_id/branding',
    summary: 'How an organization shows itself where people sign in',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({ branding: Branding }),
  },
  async ({ params, db, publicUrl }) => {
    const { id, name } = await enterOrganization(db, params.org_id);
    return { branding: brandingOf(name, await keptBranding(db, id), publicUrl) };
  },
);
