import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';
import { configurationOf } from './configuration.ts';
import { Configuration } from './settings.ts';

export const getSettings = endpoint(
  {
    operation: 'getScimConfiguration',
    method: 'get',
    path: '/sso/scim',
    summary: 'SCIM configuration of the organization: base URL, token state, mapping, last sync',
    caller: 'admin',
    activeOrganization: true,
    answer: z.object({ scim: Configuration }),
  },
  async ({ caller, db, publicUrl }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    return { scim: await configurationOf(db, organizationId, publicUrl) };
  },
);
