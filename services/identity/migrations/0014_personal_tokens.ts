import type { Knex } from 'knex';

/** Tokens that users make for programs. Rows stay for a while after their end, for the list and for audit. */
export const personalTokens = {
  name: '0014_personal_tokens',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table personal_tokens (
        id bigint generated always as identity primary key,
        -- SHA-256; the token itself is nowhere
        token_hash text not null unique,
        user_id bigint not null references users on delete cascade,
        -- the only organization that it acts in; null: every one of its owner's
        organization_id bigint,
        -- where one that is not bound acts when a request names no organization
        home_organization_id bigint,
        name text not null,
        scopes text[] not null,
        created_at timestamptz not null default now(),
        -- the longest it can last; its organization may shorten that
        expires_at timestamptz not null,
        last_used_at timestamptz,
        revoked_at timestamptz,
        revoke_reason text,
        check ((organization_id is null) <> (home_organization_id is null))
      ) with (fillfactor = 80);
      create index on personal_tokens (user_id) where revoked_at is null;
      create index on personal_tokens (organization_id) where revoked_at is null;

      alter table organization_policies add column personal_token_seconds int not null default ${90 * 86_400};
    `);
  },
};
