import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { ClaimedDomain, shownDomain } from './domain.ts';
import { DOMAIN_COLUMNS } from './domain-store.ts';

const domains = organizationList('domains', ClaimedDomain);

export const listDomains = endpoint(
  {
    operation: 'listDomains',
    method: 'get',
    path: '/organizations/:org_id/domains',
    summary: 'List the domains that the organization has claimed',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    query: domains.query,
    answer: domains.answer,
    message: 'Domains retrieved successfully',
  },
  async ({ params: { org_id: organizationId }, query, db }) => {
    await enterOrganization(db, organizationId);
    return await domains.page(db('domains').where({ organization_id: organizationId }), query, {
      read: found => found.select(DOMAIN_COLUMNS).orderBy('domain'),
      show: shownDomain,
    });
  },
);
