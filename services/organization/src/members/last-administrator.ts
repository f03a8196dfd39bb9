import type { Knex } from 'knex';
import { administers } from '../roles/role-store.ts';
import { ssoRequirementOf } from '../sso-requirement/sso-requirement-store.ts';
import { LastAdministrator } from './errors.ts';
import type { MembershipRow } from './member-store.ts';

/**
 * Refuses what would leave an organization without an active administrator, now or when the roles end that are held for
 * a time, or without one who gets in without the identity provider while it is required. The caller holds the organization's lock, so that two who go at the same time cannot each count on the other.
 *
 * @throws LastAdministrator
 */
export async function keepAnAdministrator(
  db: Knex.Transaction,
  organizationId: number,
  leaving: MembershipRow,
): Promise<void> {
  if (!(await hasAnotherAdministrator(db, organizationId, leaving))) throw LastAdministrator();
  if (!(await hasAnotherWayIn(db, organizationId, leaving)))
    throw LastAdministrator(
      'Nobody would be left who gets in without the identity provider; name another administrator for that first',
    );
}

/** Whether an administrator is left who gets in without the identity provider, while it is required. */
export async function hasAnotherWayIn(
  db: Knex.Transaction,
  organizationId: number,
  leaving: MembershipRow,
): Promise<boolean> {
  const { break_glass_user_ids: kept = [] } = (await ssoRequirementOf(db, organizationId)) ?? {};
  if (!kept.includes(leaving.user_id)) return true;
  const others = administratorsForGood(db, organizationId).whereNot('user_id', leaving.user_id);
  return (await others.whereIn('user_id', kept).first('user_id')) !== undefined;
}

/** Whether the organization keeps an active administrator without this member. */
export async function hasAnotherAdministrator(
  db: Knex.Transaction,
  organizationId: number,
  leaving: MembershipRow,
): Promise<boolean> {
  if (!leaving.is_admin || leaving.status !== 'active') return true;
  const others = administratorsForGood(db, organizationId).whereNot('user_id', leaving.user_id);
  return (await others.first('user_id')) !== undefined;
}

/** Whether the member is an active administrator, by a role that does not end by itself. */
export async function administersForGood(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<boolean> {
  const found = administratorsForGood(db, organizationId).where('user_id', userId);
  return (await found.first('user_id')) !== undefined;
}

function administratorsForGood(db: Knex.Transaction, organizationId: number): Knex.QueryBuilder {
  return db('memberships as m')
    .where({ organization_id: organizationId, is_admin: true, status: 'active' })
    .whereRaw(administers('a.expires_at is null'));
}
