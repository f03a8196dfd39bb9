import { domainOfAddress } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Person } from '../people/people-store.ts';

/**
 * The domain that an address proves: of the account's address alone, since earlier ones may have been left behind with the
 * employer, and once it is verified.
 */
function provenDomain({ email, verified_emails, status }: Person): string | undefined {
  return status === 'active' && verified_emails.includes(email) ? domainOfAddress(email) : undefined;
}

/**
 * The verified domain by which a person belongs to an organization: that of the address, to the letter, neither above nor
 * below it. The transaction is bound to the organization, or goes across all: of one domain there is one owner.
 */
export function domainsOf(db: Knex.Transaction, person: Person): Knex.QueryBuilder {
  return db('domains as d')
    .where('d.domain', provenDomain(person) ?? '')
    .whereNotNull('d.verified_at');
}

/**
 * The organization that a person finds by the domain of the address, without one in which they are, or were, a member, or
 * were rejected.
 */
export function joinableBy(db: Knex.Transaction, person: Person): Knex.QueryBuilder {
  const of = (table: string) =>
    db(`${table} as x`).whereRaw('x.organization_id = d.organization_id').where('x.user_id', person.user_id);
  return domainsOf(db, person)
    .join('organizations as o', 'o.id', 'd.organization_id')
    .whereNull('o.deleted_at')
    .whereRaw("o.settings #>> '{domains,join}' in ('request', 'automatic')")
    .whereNotExists(of('memberships'))
    .whereNotExists(of('former_members'))
    .whereNotExists(of('join_requests').whereNotNull('x.rejected_at'));
}
