import type { Knex } from 'knex';

/** Accounts that an administrator made for somebody else. */
export const accountsForMembers = {
  name: '0040_accounts_for_members',
  async up(knex: Knex): Promise<void> {
    await knex.raw('alter table users add column made_for_member boolean not null default false');
  },
};
