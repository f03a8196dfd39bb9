import { acrossOrganizations } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { eraseOrganization, lockAnyOrganization } from '../organizations/organization-store.ts';
import { scheduledWork } from '../people/consumer-work.ts';

const AT_ONCE = 100;

/** Erases deleted organizations of which the grace period is over, each in a transaction of its own. */
export const eraseOrganizations: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'erase deleted organizations',
  every: 60,
  async run({ knex }) {
    for (;;) {
      const due = await dueIn(knex);
      for (const id of due) await knex.transaction(db => erase(db, id));
      if (due.length < AT_ONCE) return;
    }
  },
};

async function dueIn(knex: Knex): Promise<number[]> {
  return await knex.transaction(async (db): Promise<number[]> => {
    await acrossOrganizations(db);
    return await db('organizations')
      .where('erase_at', '<=', db.fn.now())
      .orderBy('erase_at')
      .limit(AT_ONCE)
      .pluck('id');
  });
}

async function erase(db: Knex.Transaction, id: number): Promise<void> {
  const organization = await lockAnyOrganization(db, id);
  // Restored in the last moment, while this waited for the lock.
  if (organization.erase_at === null || organization.erase_at > new Date()) return;
  await eraseOrganization(scheduledWork(db), organization, 'deleted');
}
