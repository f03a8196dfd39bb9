import type { Knex } from 'knex';

/** Sessions that a browser keeps for the pages of the platform, by a cookie. */
export const browserSessions = {
  name: '0026_browser_sessions',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table browser_sessions (
        session_id bigint primary key references sessions on delete cascade,
        -- SHA-256 of what the cookie holds
        secret_hash text not null unique,
        created_at timestamptz not null default now()
      );
    `);
  },
};
