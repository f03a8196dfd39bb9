import type { Knex } from 'knex';

/** Counts the changes of an organization's settings, so that who hears of them knows the latest. */
export const settingsRevision = {
  name: '0003_settings_revision',
  async up(knex: Knex): Promise<void> {
    await knex.raw('alter table organizations add column settings_revision bigint not null default 0');
  },
};
