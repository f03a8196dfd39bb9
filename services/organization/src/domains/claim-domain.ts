import { Domain, Id, ValidationFailed } from '@rivergate/endpoint';
import { domainClaimed } from '@rivergate/events';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { whyNotClaimable } from './claimable.ts';
import { ClaimedDomain, shownDomain } from './domain.ts';
import { DOMAIN_COLUMNS, type DomainRow } from './domain-store.ts';
import { DomainAlreadyClaimed, TooManyDomains } from './errors.ts';

const MOST = 100;

export const claimDomain = endpoint(
  {
    operation: 'claimDomain',
    method: 'post',
    path: '/organizations/:org_id/domains',
    summary: 'Claim a domain, and learn the DNS record that proves it',
    description:
      'A claim gives nothing until it is verified, and says nothing of claims of other organizations. It is for this very ' +
      'domain, neither for those above nor below it. Public suffixes and domains of mail providers cannot be claimed.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z.object({ domain: Domain }),
    status: 201,
    answer: z.object({ domain: ClaimedDomain }),
    message: 'Domain claimed; set the record, then verify it',
    errors: [DomainAlreadyClaimed, TooManyDomains],
  },
  {
    check({ body: { domain } }) {
      const reason = whyNotClaimable(domain);
      if (reason !== undefined)
        throw ValidationFailed(undefined, [{ field: 'body.domain', code: 'not_allowed', reason }]);
    },
    async handle({ params: { org_id: organizationId }, body: { domain }, db, emit }) {
      await lockOrganization(db, organizationId);
      const [claimed] = await db('domains').where({ organization_id: organizationId }).count('* as count');
      if (Number(claimed?.count) >= MOST) throw TooManyDomains();
      const [row]: DomainRow[] = await db('domains')
        .insert({ organization_id: organizationId, domain, challenge: oneTimeToken() })
        .onConflict(['organization_id', 'domain'])
        .ignore()
        .returning(DOMAIN_COLUMNS);
      if (!row) throw DomainAlreadyClaimed();
      const data = { domain_id: row.id, organization_id: organizationId, domain };
      await emit(domainClaimed, { aggregateId: row.id, organizationId, data });
      return { domain: shownDomain(row) };
    },
  },
);
