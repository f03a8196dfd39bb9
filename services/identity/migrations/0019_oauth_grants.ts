import type { Knex } from 'knex';

/** What users have let applications do, and the tokens of applications. */
export const oauthGrants = {
  name: '0019_oauth_grants',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table oauth_grants (
        id bigint generated always as identity primary key,
        application_id bigint not null references oauth_applications on delete cascade,
        user_id bigint not null references users on delete cascade,
        scopes text[] not null,
        -- as the request named it
        redirect_uri text not null,
        -- SHA-256; the code itself is nowhere
        code_hash text not null unique,
        -- S256 of the verifier, by whichever method it was asked for: so that a plain one is nowhere either
        code_challenge text,
        code_expires_at timestamptz not null,
        code_used_at timestamptz,
        ended_at timestamptz,
        end_reason text
      ) with (fillfactor = 80);
      create index on oauth_grants (application_id) where ended_at is null;
      create index on oauth_grants (user_id) where ended_at is null;

      create table oauth_tokens (
        id bigint generated always as identity primary key,
        -- SHA-256; the token itself is nowhere
        token_hash text not null unique,
        kind text not null,
        application_id bigint not null references oauth_applications on delete cascade,
        -- null for what an application got for itself, as is its user
        grant_id bigint references oauth_grants on delete cascade,
        user_id bigint references users on delete cascade,
        scopes text[] not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        -- of a refresh token: when another took its place
        used_at timestamptz,
        revoked_at timestamptz,
        check ((grant_id is null) = (user_id is null)),
        check (kind in ('access', 'refresh') and (kind = 'access' or grant_id is not null))
      ) with (fillfactor = 80);
      create index on oauth_tokens (application_id) where revoked_at is null;
      create index on oauth_tokens (grant_id) where revoked_at is null;
      create index on oauth_tokens (user_id) where revoked_at is null;
      create index on oauth_tokens (expires_at);
    `);
  },
};
