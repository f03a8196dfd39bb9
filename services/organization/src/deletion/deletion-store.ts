import type { Knex } from 'knex';
import { administers } from '../roles/role-store.ts';

/** Marks an organization as deleted, whose lock the caller holds. */
export async function markDeleted(
  db: Knex.Transaction,
  organizationId: number,
  by: number,
  graceDays: number,
): Promise<{ deletedAt: Date; eraseAt: Date }> {
  const [row] = await db('organizations')
    .where({ id: organizationId })
    .update({
      deleted_at: db.fn.now(),
      deleted_by: by,
      erase_at: db.raw("now() + ? * interval '1 day'", [graceDays]),
      updated_at: db.fn.now(),
    })
    .returning(['deleted_at', 'erase_at']);
  return { deletedAt: row.deleted_at, eraseAt: row.erase_at };
}

export async function markRestored(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db('organizations')
    .where({ id: organizationId })
    .update({ deleted_at: null, deleted_by: null, erase_at: null, updated_at: db.fn.now() });
}

/**
 * Deleted organizations that the user administers, as far as they can be restored. Needs a transaction across organizations,
 * or one that is bound to the organization in question.
 */
export function restorableBy(db: Knex.Transaction, userId: number): Knex.QueryBuilder {
  return db('organizations as o')
    .join('memberships as m', 'm.organization_id', 'o.id')
    .where({ 'm.user_id': userId, 'm.status': 'active', 'm.is_admin': true })
    .where('o.erase_at', '>', db.fn.now())
    .whereRaw(administers());
}
