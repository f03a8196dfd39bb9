import type { Knex } from 'knex';

/**
 * Creates outbox, inbox and audit log in the current schema; part of every service's first migration.
 *
 * The audit log is append-only: under forced row-level security a policy for reading and one for inserting stand alone,
 * so that not even its owner can change or delete a row.
 */
export async function createEventTables(knex: Knex): Promise<void> {
  await knex.raw(`
    create table outbox (
      id bigint generated always as identity primary key,
      topic text not null,
      key text not null,
      event json not null,
      created_at timestamptz not null default clock_timestamp()
    );
    create table inbox (
      consumer text not null,
      event_id uuid not null,
      handled_at timestamptz not null default now(),
      primary key (consumer, event_id)
    );
    create index inbox_by_age on inbox (handled_at);
    create table audit_log (
      id bigint generated always as identity primary key,
      action text not null,
      organization_id bigint,
      actor_user_id bigint,
      actor text not null,
      subject text not null,
      ip_address text,
      user_agent text,
      request_id text,
      metadata jsonb not null default '{}',
      created_at timestamptz not null default now()
    );
    create index audit_log_by_organization on audit_log (organization_id, id desc);
    create index audit_log_by_actor on audit_log (actor_user_id, action, id desc);
    alter table audit_log enable row level security;
    alter table audit_log force row level security;
    create policy readable on audit_log for select using (
      current_setting('rivergate.scope', true) = 'platform'
      or organization_id = nullif(current_setting('rivergate.organization_id', true), '')::bigint
      or actor_user_id = nullif(current_setting('rivergate.user_id', true), '')::bigint
    );
    create policy recordable on audit_log for insert with check (true);
  `);
}
