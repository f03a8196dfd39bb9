import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { OrganizationOnly, requireOrganization } from '../../organizations/organization-store.ts';
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
    errors: [OrganizationOnly],
  },
  async ({ caller: { organizationId }, db, publicUrl }) => {
    await requireOrganization(db, organizationId);
    return { scim: await configurationOf(db, organizationId, publicUrl) };
  },
);
