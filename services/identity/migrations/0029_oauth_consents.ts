import type { Knex } from 'knex';

/** What users have agreed to, so that an application that asks for no more is not asked about again. */
export const oauthConsents = {
  name: '0029_oauth_consents',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table oauth_consents (
        application_id bigint not null references oauth_applications on delete cascade,
        user_id bigint not null references users on delete cascade,
        -- of both kinds
        scopes text[] not null,
        primary key (user_id, application_id)
      ) with (fillfactor = 80);
      create index on oauth_consents (application_id);
    `);
  },
};
