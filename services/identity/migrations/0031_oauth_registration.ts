import type { Knex } from 'knex';

/** Requests that clients push before they send their users, and tokens by which clients register themselves. */
export const oauthRegistration = {
  name: '0031_oauth_registration',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table oauth_pushed_requests (
        -- SHA-256 of what is secret in the request_uri
        request_hash text primary key,
        application_id bigint not null references oauth_applications on delete cascade,
        parameters jsonb not null,
        created_at timestamptz not null default now(),
        -- when the page was opened with it
        opened_at timestamptz,
        expires_at timestamptz not null
      );
      create index on oauth_pushed_requests (expires_at);
      create index on oauth_pushed_requests (application_id);

      create table oauth_registration_tokens (
        id bigint generated always as identity primary key,
        -- SHA-256; the token itself is nowhere
        token_hash text not null unique,
        -- by which people tell tokens apart
        token_prefix text not null,
        organization_id bigint not null,
        name text not null,
        -- the most that a client can have that registers by it
        scopes text[] not null,
        max_uses int not null,
        uses int not null default 0 check (uses between 0 and max_uses),
        created_by bigint not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        revoked_at timestamptz
      );
      create index on oauth_registration_tokens (organization_id) where revoked_at is null;
    `);
  },
};
