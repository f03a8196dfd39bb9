import type { Knex } from 'knex';
import { LastAdministrator } from './errors.ts';
import type { MembershipRow } from './member-store.ts';

/**
 * Refuses what would leave an organization without an active administrator. The caller holds the organization's lock,
 * so that two who go at the same time cannot each count on the other.
 *
 * @throws LastAdministrator
 */
export async function keepAnAdministrator(
  db: Knex.Transaction,
  organizationId: number,
  leaving: MembershipRow,
): Promise<void> {
  if (!leaving.is_admin || leaving.status !== 'active') return;
  const another = await db('memberships')
    .where({ organization_id: organizationId, is_admin: true, status: 'active' })
    .whereNot('user_id', leaving.user_id)
    .first('user_id');
  if (!another) throw LastAdministrator();
}
