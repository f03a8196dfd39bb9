import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { ClaimedDomain, shownDomain } from './domain.ts';
import { domainOf } from './domain-store.ts';
import { DomainNotFound } from './errors.ts';

export const getDomain = endpoint(
  {
    operation: 'getDomain',
    method: 'get',
    path: '/organizations/:org_id/domains/:domain_id',
    summary: 'Get a claimed domain, with the record that has to stand in DNS',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, domain_id: Id }),
    answer: z.object({ domain: ClaimedDomain }),
    message: 'Domain retrieved successfully',
    errors: [DomainNotFound],
  },
  async ({ params, db }) => {
    await enterOrganization(db, params.org_id);
    return { domain: shownDomain(await domainOf(db, params.org_id, params.domain_id)) };
  },
);
