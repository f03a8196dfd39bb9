import type { Knex } from 'knex';

/** What an organization will show the invited person as. */
export const invitedNames = {
  name: '0013_invited_names',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw('alter table invitations add column display_name text');
  },
};
