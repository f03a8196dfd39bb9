import { Id, RateLimited, UpstreamUnavailable } from '@rivergate/endpoint';
import { domainVerified } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization, lockOrganization } from '../organizations/organization-store.ts';
import { checkRecord } from './challenge.ts';
import { ClaimedDomain, shownDomain } from './domain.ts';
import { domainOf, noteCheck, noteFound } from './domain-store.ts';
import { DomainNotFound, DomainRecordMissing, DomainTaken } from './errors.ts';

export const verifyDomain = endpoint(
  {
    operation: 'verifyDomain',
    method: 'post',
    path: '/organizations/:org_id/domains/:domain_id/verify',
    summary: 'Look for the record of a domain in DNS now',
    description:
      'The first organization to verify a domain has it, until it removes it or the record is gone for some days. Of a ' +
      'verified one it is checked again; that the record is missing has no consequence then, which the daily checks have.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id, domain_id: Id }),
    answer: z.object({ domain: ClaimedDomain }),
    message: 'Domain verified',
    errors: [DomainNotFound, DomainRecordMissing, DomainTaken, RateLimited, UpstreamUnavailable],
    // A kept answer would say of later what was true once.
    idempotency: false,
  },
  {
    async prepare({ params: { org_id: organizationId, domain_id: id }, briefly, limit, outbound }) {
      const claim = await briefly(async db => {
        await enterOrganization(db, organizationId);
        return await domainOf(db, organizationId, id);
      });
      await limit('domain_check', `organization ${organizationId}`);
      return await checkRecord(outbound, claim);
    },
    async handle({ params: { org_id: organizationId, domain_id: id }, prepared: check, db, emit }) {
      await lockOrganization(db, organizationId);
      const { domain, verified_at } = await domainOf(db, organizationId, id);
      if (check !== 'found') {
        await noteCheck(db, id, check);
        if (check === 'unreachable')
          return UpstreamUnavailable('No name server of the domain gave an answer; try again later');
        if (check === 'missing') return DomainRecordMissing();
        return DomainRecordMissing(
          'The name of the record is an alias (CNAME); the record must stand there itself',
        );
      }
      const row = await noteFound(db, id);
      const data = { domain_id: id, organization_id: organizationId, domain };
      if (verified_at === null) await emit(domainVerified, { aggregateId: id, organizationId, data });
      return { domain: shownDomain(row) };
    },
  },
);
