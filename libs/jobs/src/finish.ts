import type { Emit } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { JobError, JobRow } from './job.ts';
import type { JobKind } from './kind.ts';

const KEEP = 30;

/**
 * Ends a job with what is left of it undone. The transaction is bound to its organization and has locked its row.
 *
 * @returns the job as it ended
 */
export async function finish(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  { spec, events }: Pick<JobKind, 'spec' | 'events'>,
  job: Pick<JobRow, 'id' | 'organization_id'>,
  end: { status: 'completed' | 'cancelled' | 'failed'; error?: JobError },
): Promise<JobRow> {
  const skipped = await db('job_items')
    .where({ job_id: job.id, outcome: 'pending' })
    .update({ outcome: 'skipped', finished_at: db.fn.now() });
  const [row]: JobRow[] = await db('jobs')
    .where('id', job.id)
    .update({
      status: end.status,
      error: end.error ? JSON.stringify(end.error) : null,
      skipped,
      finished_at: db.fn.now(),
      leased_until: null,
      item_in_hand: null,
      drop_at: db.raw("now() + ? * interval '1 day'", [spec.keep ?? KEEP]),
    })
    .returning('*');
  const { done, failed } = row!;
  const progress = { done, failed, skipped };
  await emit(events.finished, {
    aggregateId: job.id,
    organizationId: job.organization_id,
    data: {
      job_id: job.id,
      kind: spec.name,
      status: end.status,
      error_code: end.error?.code ?? null,
      ...progress,
    },
  });
  return row!;
}
