import type { Knex } from 'knex';

/**
 * Puts a table under row-level security by its `organization_id`: only the organization that the transaction is
 * bound to is visible or writable, even to the table's owner, unless the transaction went across organizations.
 *
 * @param column where the tenant's id stands under another name, as in the table of organizations itself
 */
export async function tenantTable(knex: Knex, table: string, column = 'organization_id'): Promise<void> {
  await knex.raw(
    `alter table :table: enable row level security;
     alter table :table: force row level security;`.replaceAll(':table:', '??'),
    [table, table],
  );
  await knex.raw(
    `create policy tenant on ?? using (
       ?? = nullif(current_setting('rivergate.organization_id', true), '')::bigint
       or current_setting('rivergate.scope', true) = 'platform'
     )`,
    [table, column],
  );
}
