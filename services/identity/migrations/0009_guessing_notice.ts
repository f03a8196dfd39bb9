import type { Knex } from 'knex';

export const guessingNotice = {
  name: '0009_guessing_notice',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- When the owner was last told by mail that somebody guesses at the password.
      alter table users add column guessing_told_at timestamptz;
      -- The networks in which an account was used of late.
      create index on sessions (user_id, created_at);
    `);
  },
};
