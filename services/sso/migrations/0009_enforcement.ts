import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Whether an organization is entered by its identity provider only. */
export const enforcementTables = {
  name: '0009_enforcement',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      -- As organization, which decides it, has said last.
      create table enforcements (
        organization_id bigint primary key,
        revision int not null default 0,
        enforced boolean not null default false,
        break_glass_user_ids bigint[] not null default '{}',
        -- since when it is as it is
        changed_at timestamptz
      );

      -- Members for whom it does not hold.
      create table exemptions (
        organization_id bigint not null,
        user_id bigint not null,
        reason text not null,
        created_by bigint not null,
        created_at timestamptz not null default now(),
        primary key (organization_id, user_id)
      );
      create index on exemptions (user_id);
    `);
    for (const table of ['enforcements', 'exemptions']) await tenantTable(db, table);
  },
};
