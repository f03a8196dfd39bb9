import { domainUnverified } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { violatesUniqueness } from '../organizations/unique-violation.ts';
import type { Check } from './challenge.ts';
import { DomainNotFound, DomainTaken } from './errors.ts';

export interface DomainRow {
  id: number;
  organization_id: number;
  domain: string;
  challenge: string;
  created_at: Date;
  /** Null: claimed, and not verified or not any more. */
  verified_at: Date | null;
  last_checked_at: Date | null;
  last_check: Check | null;
  missing_since: Date | null;
  missed_checks: number;
  warned_at: Date | null;
  /** Null while it is not verified. In whole milliseconds while a process has it in hand. */
  next_check_at: Date | null;
}

export const DOMAIN_COLUMNS = [
  'id',
  'organization_id',
  'domain',
  'challenge',
  'created_at',
  'verified_at',
  'last_checked_at',
  'last_check',
  'missing_since',
  'missed_checks',
  'warned_at',
  'next_check_at',
];

/** @throws DomainNotFound, also for one of another organization */
export async function domainOf(
  db: Knex.Transaction,
  organizationId: number,
  domainId: number,
): Promise<DomainRow> {
  const where = { organization_id: organizationId, id: domainId };
  const row = await db('domains').where(where).first(DOMAIN_COLUMNS);
  if (!row) throw DomainNotFound();
  return row;
}

/** Writes what a check came to. @returns the row as it is then */
export async function noteCheck(
  db: Knex.Transaction,
  id: number,
  check: Check,
  change: Record<string, Knex.Raw | Date | number | null> = {},
): Promise<DomainRow> {
  const [row] = await db('domains')
    .where({ id })
    .update({ last_check: check, last_checked_at: db.fn.now(), ...change })
    .returning(DOMAIN_COLUMNS);
  return row;
}

/**
 * The record was found: from now on the domain is the organization's, and nothing is counted against it.
 *
 * @throws DomainTaken where it is another's; of several at once one gets it
 */
export async function noteFound(db: Knex.Transaction, id: number): Promise<DomainRow> {
  return await noteCheck(db, id, 'found', {
    verified_at: db.raw('coalesce(verified_at, now())'),
    // Once a day, not all at the same time of it.
    next_check_at: db.raw("now() + (0.9 + 0.2 * random()) * interval '1 day'"),
    missing_since: null,
    missed_checks: 0,
    warned_at: null,
  }).catch(cause => {
    throw violatesUniqueness(cause) ? DomainTaken() : cause;
  });
}

/** Ends that domains are verified, for whoever verifies them next; the claims stay. */
export async function releaseDomains(
  { db, emit }: Work,
  organizationId: number,
  reason: 'record_missing' | 'organization_deleted',
  domainId?: number,
): Promise<void> {
  const released: Pick<DomainRow, 'id' | 'domain'>[] = await db('domains')
    .where({ organization_id: organizationId, ...(domainId === undefined ? {} : { id: domainId }) })
    .whereNotNull('verified_at')
    .update({
      verified_at: null,
      next_check_at: null,
      missing_since: null,
      missed_checks: 0,
      warned_at: null,
    })
    .returning(['id', 'domain']);
  for (const { id, domain } of released) {
    const data = { domain_id: id, organization_id: organizationId, domain, reason };
    await emit(domainUnverified, { aggregateId: id, organizationId, data });
  }
}
