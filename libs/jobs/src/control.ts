import type { Emit } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { tellAfterCommit } from './attached.ts';
import { finish } from './finish.ts';
import { JobNotFound, type JobRow, JobStateConflict, type JobStatus } from './job.ts';
import type { JobKind } from './kind.ts';

export type Action = 'pause' | 'resume' | 'cancel';

/** A status that an action leads to: another one while a worker has an item in hand. */
type Step = { free: JobStatus; held: JobStatus };

const PAUSE: Step = { free: 'paused', held: 'pausing' };
const CANCEL: Step = { free: 'cancelled', held: 'cancelling' };
const GO_ON: Step = { free: 'running', held: 'running' };

/** What each action does in each state; `as it is` where that is what is asked for, and nothing where it cannot be. */
const STEPS: Record<Action, Partial<Record<JobStatus, Step | 'as it is'>>> = {
  pause: { queued: PAUSE, running: PAUSE, pausing: 'as it is', paused: 'as it is' },
  resume: { paused: GO_ON, pausing: GO_ON, queued: 'as it is', running: 'as it is' },
  cancel: {
    queued: CANCEL,
    running: CANCEL,
    pausing: CANCEL,
    paused: CANCEL,
    cancelling: 'as it is',
    cancelled: 'as it is',
  },
};

/**
 * Pauses, resumes or cancels a job of the kind in the organization that the transaction is bound to. What is not in
 * force at once is so between two items.
 *
 * @throws JobNotFound, JobStateConflict
 */
export async function control(
  work: { db: Knex.Transaction; emit: Emit },
  kind: JobKind,
  jobId: number,
  action: Action,
): Promise<JobRow> {
  const { db, emit } = work;
  const found: (JobRow & { held: boolean }) | undefined = await db('jobs')
    .where({ id: jobId, kind: kind.spec.name })
    .forUpdate()
    .first('*', db.raw('coalesce(leased_until > clock_timestamp(), false) as held'));
  if (!found) throw JobNotFound();
  const step = STEPS[action][found.status];
  if (step === undefined) throw JobStateConflict(`The job is ${found.status}: there is nothing to ${action}`);
  if (step === 'as it is') return found;
  await emit(kind.events.changed, { aggregateId: jobId, data: { job_id: jobId, kind: found.kind, action } });
  tellAfterCommit(db, jobId);
  if (step === CANCEL && !found.held) return await finish(work, kind, found, { status: 'cancelled' });
  const [row] = await db('jobs')
    .where('id', jobId)
    .update({
      status: found.held ? step.held : step.free,
      // A worker that let its lease lapse finds that it is gone.
      ...(found.held ? {} : { leased_until: null }),
      ...(step === GO_ON ? { due_at: db.fn.now() } : {}),
    })
    .returning('*');
  return row;
}
