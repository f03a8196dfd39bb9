import type { Knex } from 'knex';

/** One-time secrets by which people prove that a mailbox is theirs; all stored hashed. */
export const proofs = {
  name: '0003_proofs',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- One row a user: whatever replaces a code, link or token overwrites it, and so ends it.
      create table address_verifications (
        user_id bigint primary key references users on delete cascade,
        code_hash text not null,
        code_expires_at timestamptz not null,
        wrong_tries int not null default 0,
        link_hash text not null unique,
        link_expires_at timestamptz not null,
        temporary_token_hash text unique,
        temporary_token_expires_at timestamptz,
        remember_me boolean not null default false,
        spent_at timestamptz
      );

      -- What forgot-password was asked, for known and unknown addresses alike; worked off after the answer.
      create table password_reset_requests (
        id bigint generated always as identity primary key,
        email text not null,
        ip_address text,
        user_agent text,
        request_id text,
        created_at timestamptz not null default now()
      );

      create table password_resets (
        token_hash text primary key,
        user_id bigint not null references users on delete cascade,
        expires_at timestamptz not null,
        created_at timestamptz not null default now()
      );
      create index on password_resets (user_id);
    `);
  },
};
