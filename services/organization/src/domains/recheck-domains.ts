import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Worker } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { mailAdministrators } from '../members/mail-administrators.ts';
import { scheduledWork } from '../people/consumer-work.ts';
import { type Check, checkRecord } from './challenge.ts';
import { domainMail } from './domain-mail.ts';
import { DOMAIN_COLUMNS, type DomainRow, noteCheck, noteFound, releaseDomains } from './domain-store.ts';

/** Answers in a row without the record, six hours apart, of which administrators are told. */
const MISSED_UNTIL_WARNED = 4;
/** Days from then on in which the record has to come back. */
const DAYS_AFTER_WARNING = 6;

const NEXT_CHECK = { missing: 6, alias: 6, unreachable: 1 } as const satisfies Record<string, number>;

type Tools = Pick<OrganizationTools, 'knex' | 'mailer' | 'outbound' | 'appUrl'>;

/** Seconds for which a domain is one process's: longer than DNS may take. */
const LEASE = 60;

/**
 * Looks daily whether the record of each verified domain still stands. That DNS gives no answer says nothing, however long
 * it lasts: such a domain gets no mail either, and nobody could verify it instead.
 */
export const recheckDomains: Worker<Tools, DomainRow, Check> = {
  name: 'check verified domains again',
  slots: 20,
  claim: ({ knex }, most) => takeDomains(knex, most),
  async work(tools, row) {
    const check = await checkRecord(tools.outbound, row);
    await tools.knex.transaction(db => note(db, row, check, tools));
    return check;
  },
  outcomeOf: check => check,
};

async function takeDomains(knex: Knex, most: number): Promise<DomainRow[]> {
  return await knex.transaction(async (db): Promise<DomainRow[]> => {
    await acrossOrganizations(db);
    const due = db('domains')
      .where('next_check_at', '<=', db.fn.now())
      .orderBy('next_check_at')
      .limit(most)
      .forUpdate()
      .skipLocked()
      .select('id');
    // By its claim a row is known again, so it has to be a time that JavaScript can tell from others.
    return await db('domains')
      .whereIn('id', due)
      .update({
        next_check_at: db.raw("date_trunc('milliseconds', now()) + ? * interval '1 second'", [LEASE]),
      })
      .returning(DOMAIN_COLUMNS);
  });
}

async function note(
  db: Knex.Transaction,
  { id, organization_id: organizationId, next_check_at: claimed }: DomainRow,
  check: Check,
  { mailer, appUrl }: Tools,
): Promise<void> {
  await withinOrganization(db, organizationId);
  // Not one that was given up, lost its organization or was found by hand, while DNS was asked.
  const row: DomainRow | undefined = await db('domains')
    .where({ id, next_check_at: claimed })
    .forUpdate()
    .first(DOMAIN_COLUMNS);
  if (!row) return;
  if (check === 'found') {
    await noteFound(db, id);
    return;
  }
  const next_check_at = db.raw("now() + ? * interval '1 hour'", [NEXT_CHECK[check]]);
  if (check === 'unreachable') {
    await noteCheck(db, id, check, { next_check_at });
    return;
  }
  const missed = await noteCheck(db, id, check, {
    next_check_at,
    missing_since: db.raw('coalesce(missing_since, now())'),
    missed_checks: row.missed_checks + 1,
  });
  const tell = async (until: Date | null) => {
    const { name } = await db('organizations').where({ id: organizationId }).first('name');
    const facts = { row: missed, organizationName: name, until, appUrl };
    await mailAdministrators(db, mailer, organizationId, to => domainMail(to, facts));
  };
  if (row.warned_at === null) {
    if (missed.missed_checks < MISSED_UNTIL_WARNED) return;
    await noteCheck(db, id, check, { warned_at: db.fn.now() });
    await tell(lossOf(new Date()));
  } else if (lossOf(row.warned_at) <= new Date()) {
    await releaseDomains(scheduledWork(db), organizationId, 'record_missing', id);
    await tell(null);
  }
}

const lossOf = (warnedAt: Date): Date => new Date(warnedAt.getTime() + DAYS_AFTER_WARNING * 86_400_000);
