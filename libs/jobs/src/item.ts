import { type Principal, projectAccess } from '@rivergate/caller';
import { bindCaller, emitterOf, Failure } from '@rivergate/endpoint';
import type { CloudEvent } from '@rivergate/events';
import type { Knex } from 'knex';
import { type ItemRow, JobItemAbandoned, type JobRow } from './job.ts';
import type { JobKind } from './kind.ts';
import { changeLeased, LEASED_UNTIL, type Lease, LeaseLost } from './lease.ts';
import { type Verdict, verdictOn } from './verdict.ts';
import type { Workshop } from './workshop.ts';

export interface ItemWork {
  kind: JobKind;
  job: JobRow;
  caller: Principal;
  lease: Lease;
  item: ItemRow;
  /** Position of the item that comes next; null after the last of the slice. */
  next: number | null;
}

/**
 * Carries one item out: what it does in the database, the events of that, its result and the count in its job are one
 * transaction, which a worker that has lost its lease cannot commit.
 *
 * @returns the job as it is then
 * @throws LeaseLost
 */
export async function carryOutItem(work: ItemWork, workshop: Workshop): Promise<JobRow> {
  const { knex, log, redis, metrics } = workshop;
  const { kind, job, item } = work;
  let attempted: Awaited<ReturnType<typeof attempt>>;
  try {
    if (item.attempts >= kind.spec.attempts) throw JobItemAbandoned();
    attempted = await attempt(work, workshop);
  } catch (cause) {
    if (cause instanceof LeaseLost) throw cause;
    const verdict = verdictOn(cause, item, kind.spec);
    if (!(cause instanceof Failure))
      log.error({ err: cause, job: job.id, item: item.position }, 'A try of an item failed');
    const after = await knex.transaction(db => settle(db, work, verdict));
    metrics.tried?.(job.kind, verdict.outcome === 'failed' ? 'failed' : 'again');
    return after;
  }
  metrics.tried?.(job.kind, 'done');
  for (const event of attempted.events) {
    await projectAccess(redis, event).catch(cause => log.error({ err: cause }, 'Work after a commit failed'));
  }
  return attempted.after;
}

async function attempt(work: ItemWork, workshop: Workshop) {
  const { kind, job, caller, lease, item } = work;
  const events: CloudEvent[] = [];
  const context = {
    ...workshop.tools,
    log: workshop.log,
    input: job.input,
    item: item.item,
    jobId: job.id,
    caller,
    idempotencyKey: `${job.key}-${item.position}`,
    signal: lease.signal,
  };
  const prepared = await kind.prepare?.(context as never);
  const after = await workshop.knex.transaction(async db => {
    await bindCaller(db, caller);
    const emit = emitterOf(db, caller, job.request, workshop.service, events);
    const given = await kind.handle({ ...context, prepared, db, emit } as never);
    // As it will be read again: a Date is a timestamp then.
    const result = kind.spec.result.parse(JSON.parse(JSON.stringify(given)));
    return await settle(db, work, { outcome: 'done', result, attempts: item.attempts + 1, wait: 0 });
  });
  return { after, events };
}

/**
 * Writes what a try came to, in the transaction at hand.
 *
 * @throws LeaseLost also where the item has its result already: the answer to its commit was lost on the way
 */
async function settle(
  db: Knex.Transaction,
  { lease, item, next }: ItemWork,
  verdict: Verdict,
): Promise<JobRow> {
  const { outcome, attempts, wait } = verdict;
  const job = await changeLeased(db, lease, {
    ...(outcome === 'pending' ? {} : { [outcome]: db.raw('?? + 1', [outcome]) }),
    leased_until: db.raw(LEASED_UNTIL),
    item_in_hand: next,
  });
  const settled = await db('job_items')
    .where({ id: item.id, outcome: 'pending' })
    .update({
      outcome,
      attempts,
      result: verdict.result === undefined ? null : JSON.stringify(verdict.result),
      error: verdict.error === undefined ? null : JSON.stringify(verdict.error),
      due_at: db.raw("now() + ? * interval '1 second'", [wait]),
      finished_at: outcome === 'pending' ? null : db.fn.now(),
    });
  if (settled === 0) throw new LeaseLost();
  return job;
}
