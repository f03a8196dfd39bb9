import type { Knex } from 'knex';

/** Both hold an organization's rows, and belong under row-level security. */
export const JOB_TABLES = ['jobs', 'job_items'] as const;

/** Jobs and their items, in each service's own schema. What they hold is what callers may see: no secret. */
export async function createJobTables(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Numbers of leases. Each is higher than all before: it fences off the workers of earlier ones, and tells whose
    -- turn is the longest ago.
    create sequence job_fences;
    create table jobs (
      id bigint generated always as identity primary key,
      organization_id bigint not null,
      kind text not null,
      status text not null default 'queued' check (status in
        ('queued', 'running', 'pausing', 'paused', 'cancelling', 'cancelled', 'completed', 'failed')),
      input jsonb not null,
      total integer not null,
      done integer not null default 0,
      failed integer not null default 0,
      skipped integer not null default 0,
      error jsonb,
      -- what the idempotency keys of the items begin with
      key uuid not null default gen_random_uuid(),
      -- who started it, and by which request
      created_by bigint not null,
      session_id bigint,
      by_system_admin boolean not null,
      request jsonb not null,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz,
      due_at timestamptz not null default now(),
      deadline timestamptz not null,
      -- when the row is dropped; known once the job is finished
      drop_at timestamptz,
      -- the number of the last lease; 0 before the first
      fence bigint not null default 0,
      leased_until timestamptz,
      -- position of the item that the worker is at, or comes to next
      item_in_hand integer,
      unique (organization_id, id)
    );
    create index jobs_open on jobs (organization_id, due_at) where finished_at is null;
    create index jobs_leased on jobs (leased_until) where leased_until is not null;
    create index jobs_turns on jobs (organization_id, fence);
    create index jobs_dropped on jobs (drop_at) where drop_at is not null;
    create table job_items (
      id bigint generated always as identity primary key,
      organization_id bigint not null,
      job_id bigint not null,
      -- place in the list that was given, from 0
      position integer not null,
      item jsonb not null,
      outcome text not null default 'pending' check (outcome in ('pending', 'done', 'failed', 'skipped')),
      result jsonb,
      error jsonb,
      attempts integer not null default 0,
      due_at timestamptz not null default now(),
      finished_at timestamptz,
      unique (job_id, position),
      foreign key (organization_id, job_id) references jobs (organization_id, id) on delete cascade
    );
    create index job_items_pending on job_items (job_id, position) where outcome = 'pending';
  `);
}
