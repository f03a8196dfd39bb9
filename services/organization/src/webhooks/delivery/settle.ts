import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Claimed } from './claim.ts';
import type { Attempt } from './delivery-store.ts';
import { disableWebhook } from './disable-webhook.ts';
import type { SendingTools } from './sending-tools.ts';
import type { Verdict } from './verdict.ts';

/** What came of a delivery that was in hand. */
export interface Settled {
  claimed: Claimed;
  attempt: Attempt;
  verdict: Verdict;
}

/** Tries that the log of a delivery shows; older ones are dropped. */
const MOST_ATTEMPTS = 20;
/** A webhook is disabled when this many tries, and all for so many days, have failed. */
const FAILURES = 10;
const FAILING_DAYS = 5;

/** Writes down what came of deliveries. What is in hand again, because this took too long, is left alone. */
export async function settleDeliveries(tools: SendingTools, settled: Settled[]): Promise<void> {
  await tools.knex.transaction(async db => {
    await acrossOrganizations(db);
    const failingBefore = await lockWebhooks(db, settled);
    const ids = await record(db, settled);
    const own = settled.filter(({ claimed }) => ids.has(claimed.id));
    await recordHealth(db, own, failingBefore);
    for (const webhook of unwell(own)) await disableIfNeeded(db, tools, webhook);
  });
}

/**
 * Whoever changes deliveries of a webhook holds its lock, and that of several in the order of their ids.
 *
 * @returns ids of those that were failing
 */
async function lockWebhooks(db: Knex.Transaction, settled: Settled[]): Promise<Set<number>> {
  const ids = [...new Set(settled.map(({ claimed }) => claimed.webhook_id))];
  const rows = await db('webhooks')
    .whereIn('id', ids)
    .orderBy('id')
    .forNoKeyUpdate()
    .select('id', 'failures');
  return new Set(rows.filter(({ failures }) => failures > 0).map(({ id }) => id));
}

/**
 * In one statement for all. What was cancelled meanwhile stays so unless it arrived.
 *
 * @returns ids of those that were still in hand
 */
async function record(db: Knex.Transaction, settled: Settled[]): Promise<Set<number>> {
  const results = settled.map(({ claimed: { id, claim }, attempt, verdict }) => ({
    id,
    claim,
    attempt,
    outcome: verdict.outcome,
    wait: verdict.outcome === 'pending' ? verdict.wait : 0,
  }));
  const { rows } = await db.raw(
    `update webhook_deliveries d set
       attempts = case when jsonb_array_length(d.attempts) < ${MOST_ATTEMPTS} then d.attempts else d.attempts - 0 end
         || r.attempt,
       outcome = case when d.outcome = 'pending' or r.outcome = 'delivered' then r.outcome else d.outcome end,
       finished_at = case when r.outcome = 'pending' and d.outcome = 'pending' then null else now() end,
       next_try_at = now() + r.wait * interval '1 second',
       claimed_until = null
     from jsonb_to_recordset(:results::jsonb) as r (id bigint, claim bigint, attempt jsonb, outcome text, wait float8)
     where d.id = r.id and d.claim = r.claim and d.claimed_until is not null
     returning d.id`,
    { results: JSON.stringify(results) },
  );
  return new Set(rows.map(({ id }: { id: number }) => id));
}

/** Counts tries that failed, from the first one after one that did not. */
async function recordHealth(
  db: Knex.Transaction,
  settled: Settled[],
  failingBefore: ReadonlySet<number>,
): Promise<void> {
  const well = new Set(
    settled.filter(({ verdict }) => verdict.outcome === 'delivered').map(({ claimed }) => claimed.webhook_id),
  );
  const recovered = [...well].filter(id => failingBefore.has(id));
  if (recovered.length > 0)
    await db('webhooks').whereIn('id', recovered).update({ failures: 0, failing_since: null });
  for (const { id, failures } of unwell(settled)) {
    if (well.has(id)) continue;
    await db('webhooks')
      .where({ id })
      .update({
        failures: db.raw('failures + ?', [failures]),
        failing_since: db.raw('coalesce(failing_since, now())'),
      });
  }
}

interface Unwell {
  id: number;
  organizationId: number;
  failures: number;
  gone: boolean;
}

/** Webhooks of which a try failed, in the order in which whoever writes of several organizations goes through them. */
function unwell(settled: readonly Settled[]): Unwell[] {
  const found = new Map<number, Unwell>();
  for (const { claimed, verdict } of settled) {
    if (verdict.outcome === 'delivered') continue;
    const { webhook_id: id, organization_id: organizationId } = claimed;
    const one = found.get(id) ?? { id, organizationId, failures: 0, gone: false };
    one.failures += 1;
    one.gone ||= verdict.outcome === 'failed' && verdict.gone;
    found.set(id, one);
  }
  return [...found.values()].toSorted((one, other) => one.organizationId - other.organizationId);
}

async function disableIfNeeded(
  db: Knex.Transaction,
  tools: SendingTools,
  { id, organizationId, gone }: Unwell,
): Promise<void> {
  const due = await db('webhooks')
    .where({ id, status: 'enabled' })
    .whereRaw("(? or (failures >= ? and failing_since < now() - ? * interval '1 day'))", [
      gone,
      FAILURES,
      FAILING_DAYS,
    ])
    .first(['id', 'url', 'description', 'failing_since']);
  if (due) await disableWebhook(db, tools, organizationId, due, gone ? 'gone' : 'failing');
}
