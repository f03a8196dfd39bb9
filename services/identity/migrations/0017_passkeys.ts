import type { Knex } from 'knex';

/** Public keys that users log in with (WebAuthn), and the challenges that are out for them. */
export const passkeys = {
  name: '0017_passkeys',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table passkeys (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        -- the authenticator's choice, base64url; of two accounts only one can have it
        credential_id text not null unique,
        -- COSE_Key (RFC 9052, section 7)
        public_key bytea not null,
        transports text[] not null,
        sign_count bigint not null,
        device_name text not null,
        usage_count bigint not null default 0,
        created_at timestamptz not null default now(),
        last_used_at timestamptz
      ) with (fillfactor = 80);
      create index on passkeys (user_id);

      -- One row a user: a new start replaces the pending challenge.
      create table passkey_registrations (
        user_id bigint primary key references users on delete cascade,
        challenge text not null,
        device_name text not null,
        expires_at timestamptz not null
      );

      -- Logins that were started, for known and unknown addresses alike.
      create table passkey_logins (
        challenge text primary key,
        email text not null,
        -- the network that started it, as limits count it
        network text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
      );
      create index on passkey_logins (email);
      create index on passkey_logins (expires_at);
    `);
  },
};
