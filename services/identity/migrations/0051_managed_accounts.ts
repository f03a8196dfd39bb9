import type { Knex } from 'knex';

/** Accounts that an organization made for its members, and vouches for. */
export const managedAccounts = {
  name: '0051_managed_accounts',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table users add column managed_by bigint;
      create index on users (managed_by) where managed_by is not null;
    `);
  },
};
