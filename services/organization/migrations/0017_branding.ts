import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** How organizations show themselves on the pages where people sign in; only of those that have set something. */
export const branding = {
  name: '0017_branding',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table branding (
        organization_id bigint primary key references organizations (id),
        accent_color text check (accent_color ~ '^#[0-9a-f]{6}$'),
        logo_id text unique,
        logo_type text,
        logo bytea,
        updated_at timestamptz not null default now(),
        check ((logo_id is null) = (logo is null) and (logo_id is null) = (logo_type is null))
      );
      -- Pictures are compressed already.
      alter table branding alter column logo set storage external;
    `);
    await tenantTable(db, 'branding');
  },
};
