import type { Knex } from 'knex';

/**
 * The address of an administrator who is being registered is claimed before identity is asked, and whether the account
 * stays or goes is decided by this row: by the transaction that creates the organization, or by what takes it back.
 */
export const provisionalAdministrators = {
  name: '0005_provisional_administrators',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table provisional_administrators
        drop constraint provisional_administrators_pkey,
        alter column user_id drop not null,
        add unique (user_id),
        add column id bigint generated always as identity primary key,
        -- null where the account is known only by its removal
        add column email text unique,
        -- the account is gone, or on its way out: no organization may be created with it
        add column taken_back boolean not null default false;
      update provisional_administrators set email = 'user ' || user_id;
    `);
  },
};
