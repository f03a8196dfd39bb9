import type { Knex } from 'knex';

/**
 * The workspaces that a user sees, of every organization that the transaction may read: those of an organization in which
 * the user holds workspace.read organization-wide, as administrators do, those in which the user holds it or is a member,
 * and those open to every member. Tables: w workspaces, o organizations, m the user's membership.
 */
export function reachableWorkspaces(db: Knex.Transaction, userId: number): Knex.QueryBuilder {
  return db('workspaces as w')
    .join('organizations as o', 'o.id', 'w.organization_id')
    .join('memberships as m', 'm.organization_id', 'w.organization_id')
    .where({ 'm.user_id': userId, 'm.status': 'active', 'o.deleted_at': null })
    .whereRaw(
      `(exists (
          select from held_roles a join roles r on r.id = a.role_id
          where a.organization_id = w.organization_id and a.user_id = m.user_id
            and (a.workspace_id is null or a.workspace_id = w.id)
            and r.permissions && array['workspace.read', '*'])
        or exists (select from workspace_members x where x.workspace_id = w.id and x.user_id = m.user_id)
        or coalesce(
          (w.settings ->> 'allow_public_access')::boolean,
          (o.settings #>> '{workspaces,allow_public_access}')::boolean,
          false))`,
    );
}
