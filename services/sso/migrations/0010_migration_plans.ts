import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** How an organization moves its members to MFA and SSO, and who was told of it. */
export const migrationPlans = {
  name: '0010_migration_plans',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table migration_plans (
        organization_id bigint primary key,
        announce_at timestamptz,
        mfa_deadline timestamptz,
        sso_deadline timestamptz,
        -- days before a deadline
        reminder_days int[] not null default '{}',
        -- those that have gone out, as 'kind, deadline in seconds since 1970, days'
        reminded text[] not null default '{}',
        updated_at timestamptz not null default now()
      );

      -- When members were last sent what.
      create table member_notices (
        organization_id bigint not null,
        user_id bigint not null,
        kind text not null,
        sent_at timestamptz not null,
        primary key (organization_id, user_id, kind)
      );
      create index on member_notices (user_id);
    `);
    for (const table of ['migration_plans', 'member_notices']) await tenantTable(db, table);
  },
};
