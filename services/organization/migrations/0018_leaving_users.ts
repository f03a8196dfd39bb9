import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Users who are erased, and duplicates that were merged into another member. Ids and times: who somebody was is not here. */
export const leavingUsers = {
  name: '0018_leaving_users',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table user_erasures (
        id bigint generated always as identity primary key,
        -- null: the account itself, in every organization
        organization_id bigint,
        user_id bigint not null,
        -- SHA-256 of what shows how far it is
        receipt_hash text not null unique,
        requested_at timestamptz not null default now(),
        -- those that hold something on people, as they were when it was asked for
        services text[] not null,
        -- when each said that it is done, by its name
        confirmed jsonb not null default '{}',
        finished_at timestamptz
      );
      create index user_erasures_of on user_erasures (user_id);

      -- A code that somebody got while signed in to one account, and used while signed in to another.
      create table merge_proofs (
        id bigint generated always as identity primary key,
        organization_id bigint not null references organizations,
        -- the duplicate
        user_id bigint not null,
        -- SHA-256; null once it is used
        code_hash text unique,
        -- the account that it is a duplicate of
        proven_by bigint,
        expires_at timestamptz not null,
        check ((code_hash is null) = (proven_by is not null)),
        unique (organization_id, user_id)
      );
      create index merge_proofs_expired on merge_proofs (expires_at);

      -- Whose history a member's is, too.
      create table merged_users (
        organization_id bigint not null references organizations,
        merged_user_id bigint not null,
        user_id bigint not null,
        merged_at timestamptz not null default now(),
        primary key (organization_id, merged_user_id)
      );
      create index merged_users_into on merged_users (organization_id, user_id);
    `);
    for (const table of ['user_erasures', 'merge_proofs', 'merged_users']) await tenantTable(db, table);
  },
};
