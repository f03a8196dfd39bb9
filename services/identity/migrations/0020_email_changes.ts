import type { Knex } from 'knex';

/** Addresses that users want as their primary one and have not proved yet. */
export const emailChanges = {
  name: '0020_email_changes',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- One row a user: a new request replaces the pending one. It reserves nothing: new_email is not unique.
      create table email_changes (
        user_id bigint primary key references users on delete cascade,
        new_email text not null,
        code_hash text not null,
        wrong_tries int not null default 0,
        expires_at timestamptz not null
      );
      create index on email_changes (expires_at);
    `);
  },
};
