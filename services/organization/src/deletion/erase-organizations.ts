import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { eraseOrganization, lockAnyOrganization } from '../organizations/organization-store.ts';
import { scheduledWork } from '../people/consumer-work.ts';
import { workOffDue } from '../people/due-rows.ts';

/** Erases deleted organizations of which the grace period is over, each in a transaction of its own. */
export const eraseOrganizations: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'erase deleted organizations',
  every: 60,
  run: ({ knex }) => workOffDue(knex, due, erase),
};

function due(db: Knex.Transaction): Knex.QueryBuilder {
  return db('organizations').where('erase_at', '<=', db.fn.now()).orderBy('erase_at').select('id');
}

async function erase(db: Knex.Transaction, { id }: { id: number }): Promise<void> {
  const organization = await lockAnyOrganization(db, id);
  // Restored in the last moment, while this waited for the lock.
  if (organization.erase_at === null || organization.erase_at > new Date()) return;
  await eraseOrganization(scheduledWork(db), organization, 'deleted');
}
