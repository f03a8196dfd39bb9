import type { Knex } from 'knex';

/** Creates outbox and inbox in the current schema; part of every service's first migration. */
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
  `);
}
