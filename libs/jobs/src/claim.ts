import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { ItemRow, JobRow } from './job.ts';
import type { JobKind } from './kind.ts';
import { LEASED_UNTIL } from './lease.ts';

/** Items of one turn. Small, so that nobody waits long for theirs. */
export const SLICE = 10;
/** Jobs of one organization that are worked at at once. */
const AT_ONCE = 2;
/** Jobs of one kind, where the kind says nothing else. */
const CONCURRENCY = 8;

/** Whose turn can come: nobody works at it, and there is something to do now, be it only to end it. */
const DUE = `j.finished_at is null
  and (j.leased_until is null or j.leased_until < now())
  and ((j.status <> 'paused' and j.due_at <= now()) or j.deadline <= now())`;

export interface Turn {
  job: JobRow & { late: boolean };
  items: ItemRow[];
}

/**
 * Takes the next turn: of the organization whose last one is the longest ago, of its job whose last one is. An
 * organization with many items, or many jobs, delays another one by no more than the slices in hand.
 *
 * @returns undefined when there is nothing to do that the bounds allow
 */
export async function claimTurn(knex: Knex, kinds: ReadonlyMap<string, JobKind>): Promise<Turn | undefined> {
  return await knex.transaction(async db => {
    // One claim after the other: each sees what the ones before have taken, and the bounds hold exactly.
    await db.raw("select pg_advisory_xact_lock(hashtextextended('rivergate turns ' || current_schema(), 0))");
    await acrossOrganizations(db);
    const concurrency = Object.fromEntries(
      [...kinds.values()].map(({ spec }) => [spec.name, spec.concurrency ?? CONCURRENCY]),
    );
    const { rows } = await db.raw(
      `select j.id, j.leased_until is not null as deserted, j.item_in_hand
       from jobs j join jsonb_each_text(:concurrency::jsonb) as k (kind, at_once) on k.kind = j.kind
       where ${DUE}
         and (select count(*) from jobs l where l.kind = j.kind and l.leased_until > now()) < k.at_once::int
         and (select count(*) from jobs l
              where l.organization_id = j.organization_id and l.leased_until > now()) < ${AT_ONCE}
       order by (select max(t.fence) from jobs t where t.organization_id = j.organization_id), j.fence, j.id
       limit 1
       for update of j skip locked`,
      { concurrency: JSON.stringify(concurrency) },
    );
    const [next] = rows as { id: number; deserted: boolean; item_in_hand: number | null }[];
    if (!next) return undefined;
    // Its last worker vanished. Should an item be what ends workers, it is tried no more often than any other.
    if (next.deserted && next.item_in_hand !== null)
      await db('job_items')
        .where({ job_id: next.id, position: next.item_in_hand, outcome: 'pending' })
        .increment('attempts');
    const items: ItemRow[] = await db('job_items')
      .where({ job_id: next.id, outcome: 'pending' })
      .where('due_at', '<=', db.fn.now())
      .orderBy('position')
      .limit(SLICE);
    const [job] = await db('jobs')
      .where('id', next.id)
      .update({
        fence: db.raw("nextval('job_fences')"),
        leased_until: db.raw(LEASED_UNTIL),
        item_in_hand: items[0]?.position ?? null,
        status: db.raw("case status when 'queued' then 'running' else status end"),
        started_at: db.raw('coalesce(started_at, now())'),
      })
      .returning(['*', db.raw('deadline <= now() as late')]);
    return { job, items };
  });
}

/** How many jobs wait for a turn, by kind. */
export async function waitingJobs(knex: Knex): Promise<Map<string, number>> {
  return await knex.transaction(async db => {
    await acrossOrganizations(db);
    const { rows } = await db.raw(`select j.kind, count(*) as jobs from jobs j where ${DUE} group by j.kind`);
    return new Map(rows.map(({ kind, jobs }: { kind: string; jobs: number }) => [kind, Number(jobs)]));
  });
}
