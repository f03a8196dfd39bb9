import type { Knex } from 'knex';

/** Accounts elsewhere by which users sign in, and the ways to such a provider that are not finished. */
export const socialAccounts = {
  name: '0021_social_accounts',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table social_states (
        -- SHA-256 of the state that the browser carries
        state_hash text primary key,
        provider text not null,
        -- PKCE verifier and nonce
        secrets_sealed text not null,
        expires_at timestamptz not null
      );
      create index on social_states (expires_at);

      create table social_accounts (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        provider text not null,
        -- the provider's own id of its user, which never becomes somebody else's
        subject text not null,
        -- as the provider last gave them; nothing here logs in by them
        email text,
        display_name text,
        connected_at timestamptz not null default now(),
        last_used_at timestamptz not null default now(),
        unique (provider, subject),
        unique (user_id, provider)
      );
    `);
  },
};
