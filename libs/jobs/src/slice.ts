import type { Principal } from '@rivergate/caller';
import { emitterOf, Failure, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Turn } from './claim.ts';
import { finish } from './finish.ts';
import { carryOutItem } from './item.ts';
import { JobDeadlineExceeded, type JobError, JobRightLost, type JobRow } from './job.ts';
import type { JobKind } from './kind.ts';
import { changeLeased, holdLease, type Lease, LeaseLost } from './lease.ts';
import { entitledStarter, starterOf } from './starter.ts';
import type { Workshop } from './workshop.ts';

/** Milliseconds after which a slice begins no further item. */
const LONGEST_SLICE = 1_000;
/** Seconds until a job goes on for which nobody could say whether its starter still may. */
const UNKNOWN_RIGHTS = 5;

export interface SliceOptions {
  /** Between two items: whether to leave the rest to another process. */
  stopping(): boolean;
  /** After each item. */
  progressed(): void;
}

/**
 * Works at a job for one slice: as many items as there is time for, one after the other, and then what the state of the
 * job asks for. The lease is given back, whatever comes.
 */
export async function carryOutSlice(
  { job, items }: Turn,
  workshop: Workshop,
  { stopping, progressed }: SliceOptions,
): Promise<void> {
  const kind = workshop.kinds.get(job.kind)!;
  const { knex } = workshop;
  const lease = holdLease(knex, job);
  const ends = performance.now() + LONGEST_SLICE;
  const close = (how: Closing) => knex.transaction(db => closeSlice(db, kind, lease, workshop.service, how));
  try {
    let state: JobRow = job;
    let caller: Principal | undefined;
    if (job.status === 'running' && !job.late) {
      try {
        caller = await knex.transaction(async db => {
          await withinOrganization(db, job.organization_id);
          return await entitledStarter(kind, job, workshop, db);
        });
      } catch (cause) {
        if (!(cause instanceof Failure)) throw cause;
        if (cause.code !== JobRightLost.code) return await close({ wait: UNKNOWN_RIGHTS });
        return await close({ error: { code: cause.code, message: cause.message } });
      }
      for (const [index, item] of items.entries()) {
        if (state.status !== 'running' || stopping() || performance.now() > ends) break;
        const next = items[index + 1]?.position ?? null;
        state = await carryOutItem({ kind, job, caller, lease, item, next }, workshop);
        progressed();
      }
    }
    await close({});
  } catch (cause) {
    if (!(cause instanceof LeaseLost)) throw cause;
    workshop.log.info({ job: job.id }, 'A job went on elsewhere');
  } finally {
    lease.release();
    progressed();
  }
}

interface Closing {
  /** Fails the job. */
  error?: JobError;
  /** Seconds before which it does not go on. */
  wait?: number;
}

async function closeSlice(
  db: Knex.Transaction,
  kind: JobKind,
  lease: Lease,
  service: string,
  { error, wait = 0 }: Closing,
): Promise<void> {
  const job = await changeLeased(db, lease, { leased_until: null, item_in_hand: null });
  const emit = emitterOf(db, starterOf(job), job.request, service, []);
  const end = async (how: Parameters<typeof finish>[3]): Promise<void> => {
    await finish({ db, emit }, kind, job, how);
  };
  if (job.status === 'cancelling') return await end({ status: 'cancelled' });
  if (error) return await end({ status: 'failed', error });
  const { rows } = await db.raw(
    `select :deadline::timestamptz <= now() as late,
       (select extract(epoch from greatest(min(due_at) - now(), :wait * interval '1 second'))::float8
        from job_items where job_id = :id and outcome = 'pending' having count(*) > 0) as wait`,
    { id: job.id, deadline: job.deadline, wait },
  );
  const [left] = rows as { late: boolean; wait: number | null }[];
  if (left!.wait === null) return await end({ status: 'completed' });
  if (left!.late) {
    const late = JobDeadlineExceeded();
    return await end({ status: 'failed', error: { code: late.code, message: late.message } });
  }
  if (job.status === 'pausing') {
    await db('jobs').where('id', job.id).update({ status: 'paused' });
    return;
  }
  await db('jobs')
    .where('id', job.id)
    .update({ due_at: db.raw("now() + ? * interval '1 second'", [left!.wait]) });
}
