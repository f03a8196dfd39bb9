import type { Knex } from 'knex';

/** Whether a system administrator sent an invitation: it stands without a membership of its sender. */
export const invitationsOfThePlatform = {
  name: '0006_invitations_of_the_platform',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw('alter table invitations add column by_system_admin boolean not null default false');
  },
};
