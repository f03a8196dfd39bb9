import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

const AT_ONCE = 100;

/**
 * For schedules: works off rows whose time has come, in whichever organization, each in a transaction of its own.
 *
 * @param due the rows, the earliest first; those that were worked off are none of them any more
 * @param ahead what takes time and needs no transaction, done for many rows at once
 */
export async function workOffDue<Row, Found = undefined>(
  knex: Knex,
  due: (db: Knex.Transaction) => Knex.QueryBuilder,
  work: (db: Knex.Transaction, row: Row, found: Found) => Promise<void>,
  ahead: (row: Row) => Promise<Found> = async () => undefined as Found,
): Promise<void> {
  for (;;) {
    const rows = await knex.transaction(async (db): Promise<Row[]> => {
      await acrossOrganizations(db);
      return await due(db).limit(AT_ONCE);
    });
    const found = await Promise.all(rows.map(ahead));
    for (const [index, row] of rows.entries()) await knex.transaction(db => work(db, row, found[index]!));
    if (rows.length < AT_ONCE) return;
  }
}
