import type { Knex } from 'knex';

/** People and the addresses by which they are known. */
export const accounts = {
  name: '0001_accounts',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table users (
        id bigint generated always as identity primary key,
        display_name text not null,
        password_hash text,
        -- An account that someone else made (administrator, invitation, provisioning) keeps its address while unverified.
        holds_address boolean not null default false,
        verified_at timestamptz,
        disabled_at timestamptz,
        is_system_admin boolean not null default false,
        profile_image_url text,
        profile jsonb not null default '{}',
        user_metadata jsonb not null default '{}',
        last_organization_id bigint,
        last_workspace_id bigint,
        last_login_at timestamptz,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      );

      create table email_addresses (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        email text not null unique check (email = lower(email)),
        is_primary boolean not null default false,
        verified_at timestamptz,
        created_at timestamptz not null default now()
      );
      create index on email_addresses (user_id);
      create unique index one_primary_address on email_addresses (user_id) where is_primary;

      create table terms_acceptances (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        terms_version text not null,
        ip_address text,
        accepted_at timestamptz not null default now()
      );
      create index on terms_acceptances (user_id);
    `);
  },
};
