import type { Knex } from 'knex';

/** In which session an application, or a token by which clients register themselves, was made for an organization. */
export const whatSessionsMadeForOrganizations = {
  name: '0048_what_sessions_made_for_organizations',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Of a client that has registered itself: the one in which its token was made.
      alter table oauth_applications add column session_id bigint references sessions on delete set null;
      create index on oauth_applications (session_id) where session_id is not null;
      alter table oauth_registration_tokens add column session_id bigint references sessions on delete set null;
      create index on oauth_registration_tokens (session_id) where session_id is not null;
    `);
  },
};
