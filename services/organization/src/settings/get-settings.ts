import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { effectiveSettings, Settings } from './settings.ts';

export const getSettings = endpoint(
  {
    operation: 'getOrganizationSettings',
    method: 'get',
    path: '/organizations/:org_id/settings',
    summary: 'Settings of an organization',
    description: 'Every setting as it holds: what was never set has the default of the platform.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({ settings: Settings }),
    message: 'Settings retrieved successfully',
    messageInData: true,
  },
  async ({ params, db }) => {
    const { settings } = await enterOrganization(db, params.org_id);
    return { settings: effectiveSettings(settings) };
  },
);
