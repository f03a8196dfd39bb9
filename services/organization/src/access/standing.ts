import type { Knex } from 'knex';
import { administers } from '../roles/role-store.ts';

/** What a user is in an organization, and may do in all of it and in some of its workspaces. */
export interface Standing {
  member: boolean;
  isAdmin: boolean;
  permissions: string[];
  /** Roles held in all of it. */
  roleIds: number[];
  workspaces: { workspaceIds: number[]; permissions: string[] }[];
  plan: string | null;
  /** When a role that is given for a time ends, the first to do so; null where none is. */
  until: Date | null;
}

/** Nobody: also of an organization that does not exist or is deleted, and of one in which the membership is suspended. */
const STRANGER: Standing = {
  member: false,
  isAdmin: false,
  permissions: [],
  roleIds: [],
  workspaces: [],
  plan: null,
  until: null,
};

/** The transaction has to be bound to the organization, or to read across organizations. */
export async function standingOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<Standing> {
  const row = await db('memberships as m')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where({
      'm.organization_id': organizationId,
      'm.user_id': userId,
      'm.status': 'active',
      'o.deleted_at': null,
    })
    .select('o.plan')
    .select(
      db.raw(`${administers()} as is_admin`),
      db.raw(`(select min(a.expires_at) from held_roles a
        where a.organization_id = m.organization_id and a.user_id = m.user_id) as until`),
    )
    .select(
      db.raw(`array(
        select distinct p from held_roles a
        join roles r on r.id = a.role_id, unnest(r.permissions) p
        where a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null
        order by p) as permissions`),
      db.raw(`array(
        select distinct a.role_id from held_roles a
        where a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null
        order by a.role_id) as role_ids`),
      db.raw(`(
        select coalesce(jsonb_agg(jsonb_build_object('workspaceIds', g.ids, 'permissions', g.held)), '[]') from (
          select jsonb_agg(w.workspace_id order by w.workspace_id) as ids, w.held from (
            select a.workspace_id, array_agg(distinct p order by p) as held from held_roles a
            join roles r on r.id = a.role_id, unnest(r.permissions) p
            where a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is not null
            group by a.workspace_id) w
          group by w.held order by w.held) g) as workspaces`),
    )
    .first();
  if (!row) return STRANGER;
  const permissions = row.permissions.includes('*') ? ['*'] : row.permissions;
  return {
    member: true,
    isAdmin: row.is_admin,
    permissions,
    roleIds: row.role_ids.map(Number),
    // Whoever may do everything everywhere needs no more said of any workspace.
    workspaces: permissions.includes('*') ? [] : row.workspaces,
    plan: row.plan,
    until: row.until,
  };
}
