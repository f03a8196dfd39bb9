import { withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { JobRow } from './job.ts';

/** Seconds for which a worker that says nothing keeps its job. */
export const LEASE = 4;
/** Milliseconds after which a lease is renewed that no finished item has renewed. */
const RENEW = 1_000;

/** The job is another worker's, or finished: what this one does is rolled back. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** A worker's right to one job, for one slice of it. */
export interface Lease {
  jobId: number;
  organizationId: number;
  fence: number;
  /** Aborted when the lease is found to be lost. */
  signal: AbortSignal;
}

export const LEASED_UNTIL = `clock_timestamp() + interval '${LEASE} seconds'`;

/**
 * Changes the job in the transaction at hand, provided that it is still this worker's. The row stays locked until the
 * transaction ends, so that nobody takes the job over before what depends on the lease is committed.
 *
 * @throws LeaseLost
 */
export async function changeLeased(
  db: Knex.Transaction,
  { jobId, organizationId, fence }: Pick<Lease, 'jobId' | 'organizationId' | 'fence'>,
  change: Record<string, unknown>,
): Promise<JobRow> {
  await withinOrganization(db, organizationId);
  const [row] = await db('jobs')
    .where({ id: jobId, fence })
    .whereNotNull('leased_until')
    .update(change)
    .returning('*');
  if (!row) throw new LeaseLost();
  return row;
}

/** Keeps a lease while its slice is worked on, however long one item takes. */
export function holdLease(
  knex: Knex,
  job: Pick<JobRow, 'id' | 'organization_id' | 'fence'>,
): Lease & { release(): void } {
  const lost = new AbortController();
  const lease = { jobId: job.id, organizationId: job.organization_id, fence: job.fence, signal: lost.signal };
  const renewing = setInterval(() => {
    const renewal = knex.transaction(db => changeLeased(db, lease, { leased_until: db.raw(LEASED_UNTIL) }));
    renewal.catch(cause => {
      // While the database is away nobody can take the job; whether it was taken shows with the next item.
      if (cause instanceof LeaseLost) lost.abort(cause);
    });
  }, RENEW).unref();
  return { ...lease, release: () => clearInterval(renewing) };
}
