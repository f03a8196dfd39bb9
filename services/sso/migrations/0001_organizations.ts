import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** What this service has to know of organizations and people, of whom others are the owners. */
export const organizations = {
  name: '0001_organizations',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table organizations (
        id bigint primary key,
        name text
      );

      create table people (
        user_id bigint primary key,
        email text not null,
        display_name text not null
      );
      create index on people (email);

      create table roles (
        role_id bigint primary key,
        -- null: a built-in one of every organization
        organization_id bigint
      );
      create index on roles (organization_id);

      create table workspaces (
        workspace_id bigint primary key,
        organization_id bigint not null
      );
      create index on workspaces (organization_id);
    `);
    await tenantTable(db, 'organizations', 'id');
    await tenantTable(db, 'workspaces');
    await db.raw(`
      alter table roles enable row level security;
      alter table roles force row level security;
      create policy tenant on roles using (
        organization_id is null
        or organization_id = nullif(current_setting('rivergate.organization_id', true), '')::bigint
        or current_setting('rivergate.scope', true) = 'platform'
      );
    `);
  },
};
