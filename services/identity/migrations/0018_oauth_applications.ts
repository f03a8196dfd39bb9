import type { Knex } from 'knex';

/** Programs that organizations register to get tokens by OAuth. */
export const oauthApplications = {
  name: '0018_oauth_applications',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table oauth_applications (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        client_id uuid not null unique default gen_random_uuid(),
        -- SHA-256; the secret itself is nowhere
        secret_hash text not null,
        name text not null,
        -- the name without regard to case and Unicode form
        name_key text not null,
        description text,
        grant_types text[] not null,
        redirect_uris text[] not null,
        scopes text[] not null,
        access_level text not null,
        status text not null default 'active',
        created_at timestamptz not null default now(),
        last_used_at timestamptz,
        unique (organization_id, name_key)
      ) with (fillfactor = 80);
    `);
  },
};
