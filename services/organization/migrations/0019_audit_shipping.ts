import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Where organizations have their audit logs sent, and how far they were. */
export const auditShipping = {
  name: '0019_audit_shipping',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table audit_shipping (
        organization_id bigint primary key references organizations (id) on delete cascade,
        -- rises with each change, so that what is under way to the place before moves nothing on
        revision int not null default 1,
        url text not null,
        header_name text,
        header_sealed text,
        -- of the last entry that was taken there
        sequence bigint not null,
        failures int not null default 0,
        next_try_at timestamptz not null default now(),
        last_success_at timestamptz,
        last_failure_at timestamptz,
        last_error text,
        check ((header_name is null) = (header_sealed is null))
      );
      create index on audit_shipping (next_try_at);
    `);
    await tenantTable(db, 'audit_shipping');
  },
};
