import type { Knex } from 'knex';

/** What devices without a browser ask for, and by what an application got a grant. */
export const oauthDevices = {
  name: '0032_oauth_devices',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table oauth_grants
        add column grant_type text not null default 'authorization_code',
        -- a device is led back nowhere
        alter column redirect_uri drop not null,
        add check (grant_type <> 'authorization_code' or redirect_uri is not null);
      alter table oauth_grants alter column grant_type drop default;

      create table oauth_device_requests (
        id bigint generated always as identity primary key,
        application_id bigint not null references oauth_applications on delete cascade,
        -- SHA-256; the code itself is nowhere
        device_code_hash text not null unique,
        -- keyed: there are too few codes for a plain hash
        user_code_hash text not null unique,
        scopes text[] not null,
        -- of the device, or of the program on a server that asks for it
        ip_address text,
        user_agent text,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        poll_seconds integer not null,
        polled_at timestamptz,
        refused_at timestamptz,
        -- of the user who approved it
        grant_id bigint references oauth_grants on delete cascade
      ) with (fillfactor = 80);
      create index on oauth_device_requests (application_id);
      create index on oauth_device_requests (grant_id);
      create index on oauth_device_requests (expires_at);
    `);
  },
};
