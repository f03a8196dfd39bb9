import type { Knex } from 'knex';

/** Whose identity provider opened the session in which a token was made, or a grant approved: sessions are forgotten before these. */
export const whatSsoSessionsMade = {
  name: '0055_what_sso_sessions_made',
  async up(knex: Knex): Promise<void> {
    for (const table of ['personal_tokens', 'oauth_grants'])
      await knex.raw(
        `alter table :table: add column sso_organization_id bigint;
         update :table: set sso_organization_id = sessions.sso_organization_id from sessions
           where sessions.id = :table:.session_id and sessions.sso_organization_id is not null;`.replaceAll(
          ':table:',
          table,
        ),
      );
  },
};
