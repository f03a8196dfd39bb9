import type { Knex } from 'knex';

/** Second factors, logins that wait for one, and which organizations require them. */
export const secondFactors = {
  name: '0015_second_factors',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- Only devices that have proved to work; one there means that TOTP is on.
      create table totp_devices (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        name text not null,
        sealed_secret text not null,
        -- The 30-second step of the last code that was accepted: only a later one is, so none is taken twice.
        last_step bigint not null,
        is_primary boolean not null,
        created_at timestamptz not null default now(),
        last_used_at timestamptz
      );
      create index on totp_devices (user_id);
      create unique index one_primary_totp_device on totp_devices (user_id) where is_primary;

      -- A row means that codes by mail are on.
      create table email_factors (
        user_id bigint primary key references users on delete cascade,
        created_at timestamptz not null default now(),
        last_used_at timestamptz
      );

      create table backup_codes (
        user_id bigint not null references users on delete cascade,
        code_hash text not null,
        created_at timestamptz not null default now(),
        used_at timestamptz,
        primary key (user_id, code_hash)
      );

      -- Setups that no code has confirmed yet; one of each method a user, so that a new one replaces the one before.
      create table pending_totp_setups (
        user_id bigint primary key references users on delete cascade,
        device_name text not null,
        -- Secret and backup codes, which are shown again when it is confirmed.
        sealed text not null,
        expires_at timestamptz not null
      );
      create table pending_email_setups (
        user_id bigint primary key references users on delete cascade,
        code_hash text not null,
        expires_at timestamptz not null
      );

      -- Wrong codes at a setup. Beside the setups, so that a new one gives no further tries.
      create table setup_tries (
        user_id bigint not null references users on delete cascade,
        method text not null,
        wrong int not null,
        locked_until timestamptz,
        primary key (user_id, method)
      );

      -- Logins of which the password was right. They give no access: only what completes one opens a session.
      create table pending_logins (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        token_hash text not null unique,
        expires_at timestamptz not null,
        -- Null until the second factor is chosen: the token of the login itself finishes nothing.
        method text,
        code_hash text,
        wrong_codes int not null default 0,
        -- Where the session will start; null: where the last one was.
        place jsonb,
        remember_me boolean not null,
        ended_at timestamptz
      );
      create index on pending_logins (user_id);
      create index on pending_logins (expires_at);

      -- Counted for more than addresses.
      alter table wrong_codes rename column email to subject;

      -- From when members need a second factor; null where they do not.
      alter table organization_policies add column mfa_required_from timestamptz;
    `);
  },
};
