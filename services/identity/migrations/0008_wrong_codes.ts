import type { Knex } from 'knex';

/** Wrong codes for an address, over all codes and registrations that it had. */
export const wrongCodes = {
  name: '0008_wrong_codes',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table wrong_codes (
        email text primary key,
        count int not null,
        -- End of the window that the first wrong code began.
        ends_at timestamptz not null
      );
      create index on wrong_codes (ends_at);
    `);
  },
};
