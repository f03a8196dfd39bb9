import { type Reply, reply, requestTarget, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { tellAfterCommit } from './attached.ts';
import { type Job, type JobRow, shown, TooManyJobs } from './job.ts';
import type { JobKind, Starter } from './kind.ts';
import { jobReference } from './reference.ts';

/** Unfinished jobs that an organization may have in one service. */
export const OPEN_JOBS = 20;

const DAY = 86_400;

/** @throws TooManyJobs */
export async function startJob(
  { spec, events }: Pick<JobKind, 'spec' | 'events'>,
  { db, emit, caller, request }: Starter,
  { input, items }: { input: unknown; items: readonly unknown[] },
): Promise<Reply<z.input<typeof Job>>> {
  const { organizationId } = caller;
  await withinOrganization(db, organizationId);
  await requireRoom(db, organizationId);
  const [row]: JobRow[] = await db('jobs')
    .insert({
      organization_id: organizationId,
      kind: spec.name,
      input: JSON.stringify(input),
      total: items.length,
      created_by: caller.userId,
      session_id: caller.sessionId,
      by_system_admin: caller.isSystemAdmin,
      request: JSON.stringify(request),
      deadline: db.raw("now() + ? * interval '1 second'", [spec.deadline ?? DAY]),
    })
    .returning('*');
  await db.raw(
    `insert into job_items (organization_id, job_id, position, item)
     select ?, ?, place - 1, item from jsonb_array_elements(?::jsonb) with ordinality as given (item, place)
     order by place`,
    [organizationId, row!.id, JSON.stringify(items)],
  );
  await emit(events.started, {
    aggregateId: row!.id,
    organizationId,
    data: { job_id: row!.id, kind: spec.name, total: items.length },
  });
  tellAfterCommit(db, row!.id);
  const reference = jobReference(spec);
  const { path } = requestTarget(
    { path: `${spec.path}/:${reference.name}` },
    { params: { org_id: organizationId, [reference.name]: reference.of(row!.id) } },
  );
  // Timestamps may be returned as Date.
  return reply(shown(row!) as unknown as z.input<typeof Job>, { status: 202, headers: { Location: path } });
}

/** Counts under a lock: of several that start jobs at once, each sees the one before. */
async function requireRoom(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db.raw(
    "select pg_advisory_xact_lock(hashtextextended('rivergate jobs ' || current_schema() || ' ' || ?, 0))",
    [String(organizationId)],
  );
  const open = await db('jobs')
    .where('organization_id', organizationId)
    .whereNull('finished_at')
    .count({ jobs: '*' })
    .first();
  if (Number(open?.jobs) >= OPEN_JOBS) throw TooManyJobs();
}
