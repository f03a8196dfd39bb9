import { deletion, Id } from '@rivergate/endpoint';
import { domainRemoved } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { domainOf } from './domain-store.ts';
import { DomainNotFound } from './errors.ts';

const deleted = deletion('domain');

export const deleteDomain = endpoint(
  {
    operation: 'deleteDomain',
    method: 'delete',
    path: '/organizations/:org_id/domains/:domain_id',
    summary: 'Give up a domain, verified or not',
    description: 'Nobody joins by it any more, and another organization can verify it. Members stay.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, domain_id: Id }),
    answer: deleted.answer,
    message: 'Domain removed',
    errors: [DomainNotFound],
  },
  async ({ params: { org_id: organizationId, domain_id: id }, db, emit }) => {
    await lockOrganization(db, organizationId);
    const { domain, verified_at } = await domainOf(db, organizationId, id);
    await db('domains').where({ id }).delete();
    const data = {
      domain_id: id,
      organization_id: organizationId,
      domain,
      was_verified: verified_at !== null,
    };
    await emit(domainRemoved, { aggregateId: id, organizationId, data });
    return deleted.of(id);
  },
);
