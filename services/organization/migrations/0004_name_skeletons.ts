import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { type NameKeys, nameKeys } from '../src/names/name-keys.ts';

const AT_ONCE = 1_000;

/** Tables with names that are unique: everywhere, or within each organization. */
const TABLES = [
  { table: 'organizations', scope: [], replaced: 'organizations_name_key_key' },
  {
    table: 'workspaces',
    scope: ['organization_id'],
    replaced: 'workspaces_organization_id_name_key_key',
  },
  { table: 'roles', scope: ['organization_id'], replaced: 'roles_organization_id_name_key_key' },
];

/** Names that look alike are one name: unique by their UTS #39 skeletons, which existing rows get here. */
export const nameSkeletons = {
  name: '0004_name_skeletons',
  async up(db: Knex.Transaction): Promise<void> {
    await acrossOrganizations(db);
    for (const { table, scope, replaced } of TABLES) {
      await db.raw('alter table ?? drop constraint ??, add column name_skeleton text', [table, replaced]);
      await keyNames(db, table, scope);
      const unique = (column: string) => `add unique (${[...scope, column].join(', ')})`;
      await db.raw(
        `alter table ?? alter column name_skeleton set not null, ${unique('name_key')}, ${unique('name_skeleton')}`,
        [table],
      );
    }
    await withinOrganization(db, null);
  },
};

/** The oldest row of a name keeps the plain key. */
async function keyNames(db: Knex.Transaction, table: string, scope: string[]): Promise<void> {
  const taken = new Set<string>();
  for (let after = 0; ; ) {
    const rows: { id: number; name: string; organization_id?: number }[] = await db(table)
      .select('id', 'name', ...scope)
      .where('id', '>', after)
      .orderBy('id')
      .limit(AT_ONCE);
    if (rows.length === 0) return;
    const keyed = rows.map(row => ({ id: row.id, ...freeKeys(taken, row) }));
    await db.raw(
      `update ?? set name_key = keyed.name_key, name_skeleton = keyed.name_skeleton
       from jsonb_to_recordset(?::jsonb) as keyed (id bigint, name_key text, name_skeleton text)
       where ??.id = keyed.id`,
      [table, JSON.stringify(keyed), table],
    );
    after = rows.at(-1)!.id;
  }
}

/** The keys of a name; a taken one gets the id behind a line break, which no key that is made from a name holds. */
function freeKeys(
  taken: Set<string>,
  { id, name, organization_id: organizationId = 0 }: { id: number; name: string; organization_id?: number },
): NameKeys {
  const free = (column: keyof NameKeys, key: string) => {
    const place = (text: string) => `${organizationId} ${column} ${text}`;
    const own = taken.has(place(key)) ? `${key}\n${id}` : key;
    taken.add(place(own));
    return own;
  };
  const keys = nameKeys(name);
  return {
    name_key: free('name_key', keys.name_key),
    name_skeleton: free('name_skeleton', keys.name_skeleton),
  };
}
