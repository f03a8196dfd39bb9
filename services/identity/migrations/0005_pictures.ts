import type { Knex } from 'knex';

/** Profile pictures that were sent as data URIs. */
export const pictures = {
  name: '0005_pictures',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table pictures (
        id text primary key,
        user_id bigint not null references users on delete cascade,
        content_type text not null,
        content bytea not null,
        created_at timestamptz not null default now()
      );
      create index on pictures (user_id);
      -- Pictures are compressed already.
      alter table pictures alter column content set storage external;
    `);
  },
};
