import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** Small, so that no transaction is long: a job may have many items. */
const AT_ONCE = 20;

/** Drops finished jobs whose time is over, with their items. What they did, and the audit log, stays. */
export async function dropOldJobs(knex: Knex): Promise<void> {
  for (let dropped = AT_ONCE; dropped === AT_ONCE; ) {
    dropped = await knex.transaction(async (db): Promise<number> => {
      await acrossOrganizations(db);
      const old = db('jobs')
        .where('drop_at', '<', db.fn.now())
        .orderBy('drop_at')
        .limit(AT_ONCE)
        .select('id');
      return await db('jobs').whereIn('id', old).delete();
    });
  }
}
