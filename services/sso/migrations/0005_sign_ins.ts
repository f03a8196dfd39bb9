import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Sign-ins at identity providers: each attempt, whom they lead to, and what their sessions are known by. */
export const signInTables = {
  name: '0005_sign_ins',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      -- Who a person at a provider is here.
      create table connections (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        provider_id bigint not null references providers (id) on delete cascade,
        subject text not null,
        user_id bigint not null,
        email text not null,
        display_name text,
        logins bigint not null default 0,
        connected_at timestamptz not null default now(),
        last_login_at timestamptz,
        unique (provider_id, subject),
        unique (provider_id, user_id)
      );
      create index on connections (user_id);
      create index on connections (organization_id);

      create table attempts (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        provider_id bigint not null references providers (id) on delete cascade,
        begun_by text not null check (begun_by in ('platform', 'provider')),
        outcome text not null default 'pending' check (outcome in ('pending', 'succeeded', 'failed')),
        reason text,
        -- [{step, at, detail}], in the order in which they were taken
        steps jsonb not null default '[]',
        -- what the provider said of the person, without what is secret
        received jsonb,
        user_id bigint,
        email text,
        ip text,
        -- for as long as the browser is at the provider
        state_hash text unique,
        flow_sealed text,
        started_at timestamptz not null default now(),
        finished_at timestamptz,
        check ((outcome = 'failed') = (reason is not null))
      );
      create index on attempts (provider_id, id);
      create index on attempts (provider_id, started_at);
      create index on attempts (started_at);
      create index on attempts (user_id) where user_id is not null;
      create index on attempts (email) where email is not null;
      create index on attempts (organization_id);

      -- A sign-in that somebody has to confirm here before it counts.
      create table tickets (
        ticket_hash text primary key,
        organization_id bigint not null,
        provider_id bigint not null references providers (id) on delete cascade,
        purpose text not null check (purpose in ('confirm', 'connect')),
        arrival_sealed text not null,
        expires_at timestamptz not null
      );
      create index on tickets (organization_id);
      create index on tickets (provider_id);
      create index on tickets (expires_at);

      -- By what a provider names the session of a sign-in when it ends it.
      create table logins (
        login_id text primary key,
        organization_id bigint not null,
        provider_id bigint not null references providers (id) on delete cascade,
        user_id bigint not null,
        subject text not null,
        session_index text,
        created_at timestamptz not null default now()
      );
      create index on logins (provider_id, subject);
      create index on logins (organization_id);
      create index on logins (user_id);
      create index on logins (created_at);
    `);
    for (const table of ['connections', 'attempts', 'tickets', 'logins']) await tenantTable(db, table);
  },
};
