import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Policies by attributes of organizations. */
export const abacPolicies = {
  name: '0007_abac_policies',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table abac_policies (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        name text not null,
        -- the lowest is asked first, of equal ones the oldest
        priority int not null,
        effect text not null check (effect in ('allow', 'deny')),
        -- report: decides nothing, is counted
        mode text not null check (mode in ('enforce', 'report')),
        condition jsonb not null,
        -- rises with each change
        revision int not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      );
      create index on abac_policies (organization_id, priority, id);
    `);
    await tenantTable(db, 'abac_policies');
  },
};
