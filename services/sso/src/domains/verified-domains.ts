import { consumer, domainRemoved, domainUnverified, domainVerified, on } from '@rivergate/events';
import type { Knex } from 'knex';

interface Said {
  domain_id: number;
  organization_id: number;
  domain: string;
  is_verified: boolean;
  /** When the event happened: an older one that comes late changes nothing. */
  said_at: string;
}

async function keep(db: Knex, said: Said): Promise<void> {
  await db('verified_domains')
    .insert({ ...said })
    .onConflict('domain_id')
    .merge()
    .where('verified_domains.said_at', '<=', said.said_at);
}

/**
 * Keeps which domains organizations have proved to control, so that finding a provider needs to ask nobody. To build the table
 * anew, empty it and give the consumer another name.
 */
export const verifiedDomains = consumer({
  name: 'verified-domains',
  on: [
    on(domainVerified, async ({ data: { domain_id, organization_id, domain }, time: said_at }, { db }) =>
      keep(db, { domain_id, organization_id, domain, is_verified: true, said_at }),
    ),
    on(domainUnverified, async ({ data: { domain_id, organization_id, domain }, time: said_at }, { db }) =>
      keep(db, { domain_id, organization_id, domain, is_verified: false, said_at }),
    ),
    on(domainRemoved, async ({ data: { domain_id, organization_id, domain }, time: said_at }, { db }) =>
      keep(db, { domain_id, organization_id, domain, is_verified: false, said_at }),
    ),
  ],
});

/** Those of an organization that are verified now. */
export async function verifiedDomainsOf(db: Knex.Transaction, organizationId: number): Promise<string[]> {
  return await db('verified_domains')
    .where({ organization_id: organizationId, is_verified: true })
    .orderBy('domain')
    .pluck('domain');
}
