import type { Knex } from 'knex';

/** Logins that last, and the refresh tokens that prolong them. Rows stay after their end, for audit. */
export const sessions = {
  name: '0002_sessions',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table sessions (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        organization_id bigint,
        workspace_id bigint,
        authentication_methods text[] not null,
        remember_me boolean not null,
        ip_address text,
        user_agent text,
        created_at timestamptz not null default now(),
        last_activity_at timestamptz not null default now(),
        expires_at timestamptz not null,
        revoked_at timestamptz,
        revoke_reason text
      ) with (fillfactor = 80);
      create index on sessions (user_id) where revoked_at is null;

      -- A used token stays until its session has expired, so that its second use is recognised.
      create table refresh_tokens (
        token_hash text primary key,
        session_id bigint not null references sessions on delete cascade,
        created_at timestamptz not null default now(),
        used_at timestamptz
      ) with (fillfactor = 80);
      create index on refresh_tokens (session_id);
    `);
  },
};
