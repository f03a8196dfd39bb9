import type { Permission } from '@rivergate/caller';
import type { Knex } from 'knex';

/**
 * Ids of the organizations in which the user holds a permission organization-wide, as a subquery. Needs a transaction
 * across organizations.
 */
export function organizationsWithPermission(
  db: Knex.Transaction,
  userId: number,
  permission: Permission,
): Knex.QueryBuilder {
  return db('memberships as holder')
    .join('organizations as held', 'held.id', 'holder.organization_id')
    .where({ 'holder.user_id': userId, 'holder.status': 'active', 'held.deleted_at': null })
    .whereRaw(
      `exists (
        select from held_roles a join roles r on r.id = a.role_id
        where a.organization_id = holder.organization_id and a.user_id = holder.user_id
          and a.workspace_id is null and r.permissions && array[?, '*'])`,
      [permission],
    )
    .select('holder.organization_id');
}
