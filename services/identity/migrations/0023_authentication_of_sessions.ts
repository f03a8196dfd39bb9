import type { Knex } from 'knex';

/** When the user of a session was last authenticated, and what a grant keeps of the session in which it was approved. */
export const authenticationOfSessions = {
  name: '0023_authentication_of_sessions',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table sessions add column authenticated_at timestamptz not null default now();
      update sessions set authenticated_at = created_at;

      alter table oauth_grants
        -- the session in which it was approved
        add column session_id bigint references sessions on delete set null,
        add column authenticated_at timestamptz,
        add column authentication_methods text[] not null default '{}';
      create index on oauth_grants (session_id) where ended_at is null;
    `);
  },
};
