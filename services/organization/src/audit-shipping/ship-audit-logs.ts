import { storedEntry } from '@rivergate/audit-chain';
import { withinOrganization } from '@rivergate/endpoint';
import type { Resources, Worker } from '@rivergate/service';
import type { Knex } from 'knex';
import { entriesAfter } from '../audit/audit-log-store.ts';
import { headOf, shownHead } from '../audit/chain-store.ts';
import { entryRecord, headRecord, logsRequest } from './otlp.ts';
import { type Sending, send } from './send.ts';
import { noteOutcome, type ShippingRow, takeShippings } from './shipping-store.ts';

type Tools = Sending & Pick<Resources, 'knex' | 'log'>;

/** Entries in one request, and bytes of JSON at which it is full. */
const BATCH = { entries: 200, bytes: 1_000_000 };
/** Seconds between a try that failed and the next: twice as many each time. */
const PAUSE = { first: 5, longest: 3_600 };

/**
 * Sends what audit logs have gained to the collectors of their organizations: in order, and again until it is taken, so that
 * an entry can come twice and none is passed over. After each request the other organizations have their turn.
 */
export const shipAuditLogs: Worker<Tools, ShippingRow, 'delivered' | 'pending'> = {
  name: 'ship audit logs',
  slots: 20,
  claim: ({ knex }, most) => takeShippings(knex, most),
  work: ship,
  outcomeOf: outcome => outcome,
};

async function ship(tools: Tools, shipping: ShippingRow): Promise<'delivered' | 'pending'> {
  const { knex, log } = tools;
  const { organization_id, sequence } = shipping;
  const batch = await nextBatch(knex, organization_id, sequence);
  const error = batch ? await send(tools, shipping, batch.body) : null;
  if (error === null) {
    const { last } = batch ?? { last: sequence };
    await noteOutcome(knex, shipping, db => ({
      sequence: last,
      failures: 0,
      last_error: null,
      last_success_at: db.fn.now(),
      next_try_at: db.fn.now(),
    }));
    return 'delivered';
  }
  const failures = shipping.failures + 1;
  log.warn({ organization_id, failures, reason: error }, 'An audit log was not taken by its collector');
  const pause = Math.min(PAUSE.longest, PAUSE.first * 2 ** (failures - 1));
  await noteOutcome(knex, shipping, db => ({
    failures,
    last_error: error,
    last_failure_at: db.fn.now(),
    next_try_at: db.raw("now() + ? * interval '1 second'", [pause]),
  }));
  return 'pending';
}

async function nextBatch(
  knex: Knex,
  organizationId: number,
  after: number,
): Promise<{ body: string; last: number } | undefined> {
  const read = await knex.transaction(async db => {
    await withinOrganization(db, organizationId);
    const head = shownHead(await headOf(db, organizationId));
    return { head, rows: await entriesAfter(db, organizationId, after, BATCH.entries) };
  });
  const records: ReturnType<typeof entryRecord>[] = [];
  let [bytes, last] = [0, after];
  for (const row of read.rows) {
    const record = entryRecord(storedEntry(row));
    bytes += JSON.stringify(record).length;
    if (records.length > 0 && bytes > BATCH.bytes) break;
    records.push(record);
    last = row.sequence;
  }
  if (records.length === 0) return undefined;
  return { body: logsRequest(organizationId, [...records, headRecord(read.head)]), last };
}
