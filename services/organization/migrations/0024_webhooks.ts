import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Webhooks of organizations, what was there to be sent to them, and what became of it. */
export const webhookTables = {
  name: '0024_webhooks',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table webhooks (
        id bigint generated always as identity primary key,
        organization_id bigint not null references organizations (id),
        url text not null,
        description text,
        -- types, or prefixes of types that end in .*
        event_types text[] not null,
        -- [{sealed, until}], the newest first; until is null for the one that is shown as the secret
        secrets jsonb not null,
        status text not null default 'enabled' check (status in ('enabled', 'disabled')),
        disabled_reason text check (disabled_reason in ('administrator', 'failing', 'gone')),
        -- tries that failed since the last one that did not
        failures int not null default 0,
        failing_since timestamptz,
        created_by bigint not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        check ((status = 'disabled') = (disabled_reason is not null))
      );
      create index on webhooks (organization_id);

      -- An event as it is sent, once for all webhooks of the organization.
      create table webhook_messages (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        event_id uuid not null,
        type text not null,
        occurred_at timestamptz not null,
        payload text not null,
        created_at timestamptz not null default now(),
        unique (organization_id, event_id)
      );
      create index on webhook_messages (organization_id, occurred_at);
      create index on webhook_messages (created_at);

      create table webhook_deliveries (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        webhook_id bigint not null references webhooks (id) on delete cascade,
        message_id bigint not null references webhook_messages (id) on delete cascade,
        outcome text not null default 'pending' check (outcome in ('pending', 'delivered', 'failed', 'cancelled')),
        -- since it was asked for
        tries int not null default 0,
        -- rises with each claim: what came of an older one settles nothing
        claim bigint not null default 0,
        next_try_at timestamptz not null default now(),
        -- until when one process has it in hand
        claimed_until timestamptz,
        -- [{at, status, error, duration_ms, response}], the oldest first
        attempts jsonb not null default '[]',
        created_at timestamptz not null default now(),
        finished_at timestamptz,
        unique (message_id, webhook_id)
      );
      create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_try_at) where outcome = 'pending';
      create index webhook_deliveries_in_hand on webhook_deliveries (webhook_id, claimed_until)
        where claimed_until is not null;
      create index webhook_deliveries_log on webhook_deliveries (webhook_id, id);
      create index webhook_deliveries_by_outcome on webhook_deliveries (webhook_id, outcome, id);
    `);
    for (const table of ['webhooks', 'webhook_messages', 'webhook_deliveries']) await tenantTable(db, table);
  },
};
