import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { eraseOrganization, eraseRows, lockAnyOrganization } from '../organizations/organization-store.ts';
import { scheduledWork } from '../people/consumer-work.ts';

/** Rows that go in one transaction. */
const AT_ONCE = 5_000;

/**
 * Erases deleted organizations of which the grace period is over. Nobody can restore them any more, so what is large goes in
 * many short transactions: a process may end between any two, and the next run goes on. The organization itself, its name and
 * the event, go with the last of its rows.
 */
export const eraseOrganizations: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'erase deleted organizations',
  every: 60,
  async run({ knex }) {
    for (;;) {
      const next = await knex.transaction(async (db): Promise<{ id: number } | undefined> => {
        await acrossOrganizations(db);
        return await due(db).first();
      });
      if (!next) return;
      while (await knex.transaction(db => eraseSome(db, next.id)));
    }
  },
};

function due(db: Knex.Transaction): Knex.QueryBuilder {
  return db('organizations').where('erase_at', '<=', db.fn.now()).orderBy('erase_at').select('id');
}

/** @returns whether there is more of it */
async function eraseSome(db: Knex.Transaction, id: number): Promise<boolean> {
  await withinOrganization(db, id);
  // Restored in the last moment, or erased by another process, while this waited for the lock.
  if (!(await due(db).where({ id }).forUpdate().first())) return false;
  const organization = await lockAnyOrganization(db, id);
  if ((await eraseRows(db, id, AT_ONCE)) === AT_ONCE) return true;
  await eraseOrganization(scheduledWork(db), organization, 'deleted');
  return false;
}
