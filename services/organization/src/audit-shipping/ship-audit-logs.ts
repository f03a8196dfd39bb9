import { storedEntry } from '@rivergate/audit-chain';
import { withinOrganization } from '@rivergate/endpoint';
import type { Resources, Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import { entriesAfter } from '../audit/audit-log-store.ts';
import { headOf, shownHead } from '../audit/chain-store.ts';
import { entryRecord, headRecord, logsRequest } from './otlp.ts';
import { type Sending, send } from './send.ts';
import { noteOutcome, type ShippingRow, takeShippings } from './shipping-store.ts';

type Tools = Sending & Pick<Resources, 'knex' | 'log'>;

/** Organizations that are served at once. */
const AT_ONCE = 20;
/** Entries in one request, and bytes of JSON at which it is full. */
const BATCH = { entries: 200, bytes: 1_000_000 };
/** Milliseconds for which one organization is sent for in a run, so that the others have their turn. */
const TURN = 2_000;
/** Seconds between a try that failed and the next: twice as many each time. */
const PAUSE = { first: 5, longest: 3_600 };

/**
 * Sends what audit logs have gained to the collectors of their organizations: in order, and again until it is taken, so that
 * an entry can come twice and none is passed over.
 */
export const shipAuditLogs: Schedule<Tools> = {
  name: 'ship audit logs',
  every: 2,
  async run(tools) {
    const due = await takeShippings(tools.knex, AT_ONCE);
    await Promise.all(due.map(shipping => ship(tools, shipping)));
  },
};

async function ship(tools: Tools, shipping: ShippingRow): Promise<void> {
  const { knex, log } = tools;
  const { organization_id } = shipping;
  const until = performance.now() + TURN;
  let { sequence } = shipping;
  do {
    const batch = await nextBatch(knex, organization_id, sequence);
    if (!batch) break;
    const error = await send(tools, shipping, batch.body);
    if (error !== null) {
      const failures = shipping.failures + 1;
      log.warn({ organization_id, failures, reason: error }, 'An audit log was not taken by its collector');
      const pause = Math.min(PAUSE.longest, PAUSE.first * 2 ** (failures - 1));
      await noteOutcome(knex, shipping, db => ({
        failures,
        last_error: error,
        last_failure_at: db.fn.now(),
        next_try_at: db.raw("now() + ? * interval '1 second'", [pause]),
      }));
      return;
    }
    sequence = batch.last;
    shipping.failures = 0;
    const goesOn = await noteOutcome(knex, shipping, db => ({
      sequence,
      failures: 0,
      last_error: null,
      last_success_at: db.fn.now(),
    }));
    if (!goesOn) return;
  } while (performance.now() < until);
  await noteOutcome(knex, shipping, db => ({ next_try_at: db.fn.now() }));
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
