import type { Knex } from 'knex';

/** What a user is in an organization, and may do in all of it. */
export interface Standing {
  member: boolean;
  isAdmin: boolean;
  permissions: string[];
  plan: string | null;
}

/** Nobody: also of an organization that does not exist, and of one in which the membership is suspended. */
const STRANGER: Standing = { member: false, isAdmin: false, permissions: [], plan: null };

/** The transaction has to be bound to the organization, or to read across organizations. */
export async function standingOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<Standing> {
  const row = await db('memberships as m')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where({ 'm.organization_id': organizationId, 'm.user_id': userId, 'm.status': 'active' })
    .select('m.is_admin', 'o.plan')
    .select(
      db.raw(`array(
        select distinct p from role_assignments a
        join roles r on r.id = a.role_id, unnest(r.permissions) p
        where a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null
        order by p) as permissions`),
    )
    .first();
  if (!row) return STRANGER;
  const permissions = row.is_admin || row.permissions.includes('*') ? ['*'] : row.permissions;
  return { member: true, isAdmin: row.is_admin, permissions, plan: row.plan };
}
