import { acrossOrganizations } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';

/** Entries that are removed in one transaction, in which nobody can write into the log of the organization. */
const BATCH = 1_000;

/** Removes entries that are older than their organization keeps them, then makes and drops partitions. */
export const keepAuditLog: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'keep the audit log',
  every: 3_600,
  async run({ knex }) {
    for (const organization of await limited(knex))
      while ((await removeOldest(knex, organization)) === BATCH);
    await knex.transaction(db => db.raw('select keep_audit_partitions()'));
  },
};

interface Limited {
  id: number;
  days: number;
}

async function limited(knex: Knex): Promise<Limited[]> {
  return await knex.transaction(async (db): Promise<Limited[]> => {
    await acrossOrganizations(db);
    const days = "(settings #>> '{audit,retention_days}')::int";
    return await db('organizations')
      .whereRaw(`${days} is not null`)
      .orderBy('id')
      .select('id', db.raw(`${days} as days`));
  });
}

/** @returns how many were removed */
async function removeOldest(knex: Knex, { id, days }: Limited): Promise<number> {
  return await knex.transaction(async db => {
    const { rows } = await db.raw(
      "select remove_audit_entries(?, now() - ? * interval '1 day', ?) as removed",
      [id, days, BATCH],
    );
    return rows[0].removed;
  });
}
