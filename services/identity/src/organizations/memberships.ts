import { consumer, memberAdded, memberRemoved, memberStatusChanged, on } from '@rivergate/events';
import type { Knex } from 'knex';

interface Said {
  user_id: number;
  organization_id: number;
  status: string;
  /** When the event happened: an older one that comes late changes nothing. */
  said_at: string;
}

async function keepMembership(db: Knex, said: Said): Promise<void> {
  await db('memberships')
    .insert({ ...said })
    .onConflict(['user_id', 'organization_id'])
    .merge()
    .where('memberships.said_at', '<=', said.said_at);
}

/**
 * Keeps who belongs to which organization, as far as identity has to know: whose password policy counts for whom. To
 * build the table anew, empty it and give the consumer another name.
 */
export const memberships = consumer({
  name: 'memberships',
  on: [
    on(memberAdded, async ({ data: { user_id, organization_id }, time: said_at }, { db }) =>
      keepMembership(db, { user_id, organization_id, status: 'active', said_at }),
    ),
    on(memberStatusChanged, async ({ data: { user_id, organization_id, status }, time: said_at }, { db }) =>
      keepMembership(db, { user_id, organization_id, status, said_at }),
    ),
    on(memberRemoved, async ({ data: { user_id, organization_id }, time: said_at }, { db }) =>
      keepMembership(db, { user_id, organization_id, status: 'removed', said_at }),
    ),
  ],
});
