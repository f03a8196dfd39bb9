import { DATABASE_ROLES } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { definitions } from '../services.ts';

let environment: TestEnvironment;
let database: pg.Client;
beforeAll(async () => {
  environment = await testEnvironment(definitions);
  database = new pg.Client(environment.databaseAdminUrl);
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await environment?.remove();
});

/** Foreign keys without such an index, and what bounds how much is read. */
const without: Record<string, string> = {
  'organization.invitations (organization_id, role_id)': 'the invitations of one organization, found by it',
};

/**
 * An index serves a foreign key when its first columns are those of the key, with the organization or without, and it holds
 * every row that names another one. One of unfinished or unrevoked rows is no help: PostgreSQL looks for all rows of what it
 * deletes.
 */
it('every foreign key has an index, so that deleting what it names reads no whole table', async () => {
  const { rows } = await database.query<{ key: string; served: boolean }>(
    `select n.nspname || '.' || c.relname || ' (' || columns.names || ')' as key,
       exists (
         select from pg_index i
         where i.indrelid = k.conrelid and i.indisvalid
           and exists (
             select from (values (k.conkey), (array_remove(k.conkey, columns.organization))) as wanted (columns)
             where cardinality(wanted.columns) > 0
               and (select array_agg(a order by a) from unnest((i.indkey::int2[])[0:cardinality(wanted.columns) - 1]) a)
                 = (select array_agg(a order by a) from unnest(wanted.columns) a)
           )
           and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = any(columns.present))
       ) as served
     from pg_constraint k
       join pg_class c on c.oid = k.conrelid
       join pg_namespace n on n.oid = c.relnamespace
       cross join lateral (
         select string_agg(a.attname, ', ' order by position) as names,
           array_agg('(' || a.attname || ' IS NOT NULL)') as present,
           max(a.attnum) filter (where a.attname = 'organization_id') as organization
         from unnest(k.conkey) with ordinality as key (attnum, position)
           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.attnum
       ) columns
     where k.contype = 'f' and k.conparentid = 0 and n.nspname = any($1)
     order by 1`,
    [DATABASE_ROLES.map(({ schema }) => schema)],
  );
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter(({ served }) => !served).map(({ key }) => key)).toEqual(Object.keys(without));
});
