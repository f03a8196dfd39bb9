import type { Knex } from 'knex';

/** Devices that log in without the second factor. */
export const trustedDevices = {
  name: '0016_trusted_devices',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table trusted_devices (
        id bigint generated always as identity primary key,
        user_id bigint not null references users on delete cascade,
        -- The session whose login made it: only that one may activate it.
        session_id bigint not null references sessions on delete cascade,
        name text not null,
        fingerprint_hash text not null,
        user_agent text not null,
        ip_address text not null,
        activation_hash text unique,
        activation_expires_at timestamptz not null,
        created_at timestamptz not null default now(),
        -- Null until its user wants it trusted.
        activated_at timestamptz,
        last_used_at timestamptz
      );
      create index on trusted_devices (user_id);
      create unique index one_trusted_device_a_fingerprint on trusted_devices (user_id, fingerprint_hash)
        where activated_at is not null;

      alter table organization_policies add column device_trust_days int not null default 30;
    `);
  },
};
