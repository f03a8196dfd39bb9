import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Offers of an administrator to hand an organization to another member. */
export const ownershipTransfers = {
  name: '0026_ownership_transfers',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table ownership_transfers (
        -- one at a time
        organization_id bigint primary key,
        from_user_id bigint not null,
        to_user_id bigint not null check (to_user_id <> from_user_id),
        -- what the one who hands over is from then on
        role_id bigint not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null,
        -- an offer ends with either membership, and with the role
        foreign key (organization_id, from_user_id) references memberships (organization_id, user_id) on delete cascade,
        foreign key (organization_id, to_user_id) references memberships (organization_id, user_id) on delete cascade,
        foreign key (organization_id, role_id) references roles (organization_id, id) on delete cascade
      );
      create index ownership_transfers_from on ownership_transfers (organization_id, from_user_id);
      create index ownership_transfers_to on ownership_transfers (organization_id, to_user_id);
      create index ownership_transfers_role on ownership_transfers (organization_id, role_id);
    `);
    await tenantTable(db, 'ownership_transfers');
  },
};
