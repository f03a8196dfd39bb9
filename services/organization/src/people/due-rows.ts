import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

const AT_ONCE = 100;

/**
 * For schedules: works off rows whose time has come, in whichever organization, each in a transaction of its own.
 *
 * @param due the rows, the earliest first; those that were worked off are none of them any more
 */
export async function workOffDue<Row>(
  knex: Knex,
  due: (db: Knex.Transaction) => Knex.QueryBuilder,
  work: (db: Knex.Transaction, row: Row) => Promise<void>,
): Promise<void> {
  for (;;) {
    const rows = await knex.transaction(async (db): Promise<Row[]> => {
      await acrossOrganizations(db);
      return await due(db).limit(AT_ONCE);
    });
    for (const row of rows) await knex.transaction(db => work(db, row));
    if (rows.length < AT_ONCE) return;
  }
}
