import { error, Id, type RequestFacts, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';

export const JobStatus = z.enum([
  'queued',
  'running',
  'pausing',
  'paused',
  'cancelling',
  'cancelled',
  'completed',
  'failed',
]);
export type JobStatus = z.output<typeof JobStatus>;

export const Outcome = z.enum(['pending', 'done', 'failed', 'skipped']);
export type Outcome = z.output<typeof Outcome>;

/** Why a job, or an item of one, failed: as the error of an answer says it. */
export const JobError = z
  .object({
    code: z.string().meta({ examples: ['JOB_RIGHT_LOST'] }),
    message: z.string().meta({ examples: ['Whoever started this job may not do it any more'] }),
  })
  .meta({ id: 'JobError' });
export type JobError = z.output<typeof JobError>;

/** What callers see of a job, whatever its kind and service. */
export const Job = z
  .object({
    id: Id,
    kind: z.string().meta({ examples: ['bulk_invite'] }),
    status: JobStatus.meta({
      description: 'pausing and cancelling: asked for, and in force once the item in hand is done',
    }),
    progress: z
      .object({
        total: z.int().min(0),
        done: z.int().min(0),
        failed: z.int().min(0),
        skipped: z.int().min(0).meta({ description: 'Items that the end of the job left undone' }),
      })
      .meta({ description: 'Items of the job; when it is finished, the others add up to total' }),
    created_by: Id.meta({ description: 'User who started it' }),
    created_at: Timestamp,
    started_at: Timestamp.nullable(),
    finished_at: Timestamp.nullable(),
    deadline: Timestamp.meta({ description: 'A job that is not finished by then fails' }),
    error: JobError.nullable().meta({ description: 'Why the job as a whole failed' }),
  })
  .meta({ id: 'Job' });

export interface JobRow {
  id: number;
  organization_id: number;
  kind: string;
  status: JobStatus;
  input: unknown;
  total: number;
  done: number;
  failed: number;
  skipped: number;
  error: JobError | null;
  key: string;
  created_by: number;
  session_id: number | null;
  by_system_admin: boolean;
  request: RequestFacts;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  deadline: Date;
  fence: number;
  leased_until: Date | null;
}

export interface ItemRow {
  id: number;
  position: number;
  item: unknown;
  outcome: Outcome;
  result: unknown;
  error: JobError | null;
  attempts: number;
  due_at: Date;
  finished_at: Date | null;
}

export function shown(row: JobRow) {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    progress: { total: row.total, done: row.done, failed: row.failed, skipped: row.skipped },
    created_by: row.created_by,
    created_at: row.created_at,
    started_at: row.started_at,
    finished_at: row.finished_at,
    deadline: row.deadline,
    error: row.error,
  };
}

/** In the organization that the transaction is bound to. */
export async function findJob(
  db: Knex.Transaction,
  { name }: { name: string },
  id: number,
): Promise<JobRow | undefined> {
  return await db('jobs').where({ id, kind: name }).first();
}

/** Items of a job by what they came to, for paging. */
export function itemsOf(db: Knex.Transaction, jobId: number, outcome: Outcome): Knex.QueryBuilder {
  return db('job_items').where({ job_id: jobId, outcome });
}

export const JobNotFound = error('JOB_NOT_FOUND', 404, 'No such job');
export const JobStateConflict = error(
  'JOB_STATE_CONFLICT',
  409,
  'The job is in a state that does not allow this',
);
export const TooManyJobs = error(
  'TOO_MANY_JOBS',
  409,
  'The organization has too many unfinished jobs; let some end first',
);
export const JobRightLost = error('JOB_RIGHT_LOST', 403, 'Whoever started this job may not do it any more');
export const JobDeadlineExceeded = error(
  'JOB_DEADLINE_EXCEEDED',
  410,
  'The job was not finished by its deadline',
);
export const JobItemAbandoned = error(
  'JOB_ITEM_ABANDONED',
  500,
  'Each try of this item ended without a result',
);
