import type { Permission } from '@rivergate/caller';
import type { Knex } from 'knex';
import { RoleNotFound } from './errors.ts';

export interface RoleRow {
  id: number;
  name: string;
  permissions: string[];
  is_system: boolean;
  created_at: Date;
}

const COLUMNS = ['id', 'name', 'permissions', 'is_system', 'created_at'];

/** @throws RoleNotFound, also for a role of another organization */
export async function roleOfOrganization(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number,
): Promise<RoleRow> {
  const row = await findRole(db, organizationId, roleId);
  if (!row) throw RoleNotFound();
  return row;
}

export async function findRole(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number,
): Promise<RoleRow | undefined> {
  return await db('roles').select(COLUMNS).where({ organization_id: organizationId, id: roleId }).first();
}

export async function builtInRole(
  db: Knex.Transaction,
  organizationId: number,
  name: 'Admin' | 'Developer' | 'Viewer',
): Promise<RoleRow> {
  const where = { organization_id: organizationId, name, is_system: true };
  const row = await db('roles').select(COLUMNS).where(where).first();
  if (!row) throw new Error(`Organization ${organizationId} has no role ${name}`);
  return row;
}

export interface RoleQuery {
  search?: string | undefined;
  sort_by: 'name' | 'created_at' | 'usage_count';
  sort_order: 'asc' | 'desc';
}

export function matchingRoles(
  db: Knex.Transaction,
  organizationId: number,
  { search }: RoleQuery,
): Knex.QueryBuilder {
  const matching = db('roles as r').where('r.organization_id', organizationId);
  if (search) matching.whereRaw('strpos(lower(r.name), lower(?)) > 0', [search]);
  return matching;
}

/** Adds the columns of a role, with the number of users who hold it now anywhere in the organization. */
export function rolesInOrder(db: Knex.Transaction, { sort_by, sort_order }: RoleQuery) {
  return (matching: Knex.QueryBuilder) =>
    matching
      .select(COLUMNS.map(column => `r.${column}`))
      .select(
        db.raw(`(select count(distinct a.user_id)::int from held_roles a
          where a.organization_id = r.organization_id and a.role_id = r.id) as usage_count`),
      )
      .orderBy([
        { column: sort_by === 'name' ? db.raw('lower(r.name)') : sort_by, order: sort_order },
        { column: 'r.id', order: sort_order },
      ]);
}

/** Whether it is the built-in one that makes an administrator where it is held organization-wide. */
export function isAdminRole({ is_system, permissions }: Pick<RoleRow, 'is_system' | 'permissions'>): boolean {
  return is_system && permissions.includes('*');
}

/** By which others are let in, changed or given rights: what nobody gets without having been chosen for it. */
const ADMINISTRATIVE: readonly string[] = [
  '*',
  'member.invite',
  'role.write',
  'role.assign',
  'user.write',
  'user.delete',
] satisfies (Permission | '*')[];

export const isAdministrative = ({ permissions }: Pick<RoleRow, 'permissions'>): boolean =>
  permissions.some(permission => ADMINISTRATIVE.includes(permission));

/** SQL: whether member m of a statement holds that role now, and under which further condition on assignment a. */
export const administers = (condition = 'true') => `exists (
  select from held_roles a join roles r on r.id = a.role_id
  where a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null
    and r.is_system and r.permissions = array['*'] and ${condition})`;

/** How many users hold a role now, anywhere in the organization. */
export async function holdersOf(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number,
): Promise<number> {
  const [row] = await db('held_roles')
    .where({ organization_id: organizationId, role_id: roleId })
    .countDistinct('user_id as count');
  return Number(row!.count);
}

/** Whether a role has assignments, also ones of which nobody has noted yet that they have expired. */
export async function isAssigned(
  db: Knex.Transaction,
  organizationId: number,
  roleId: number,
): Promise<boolean> {
  const where = { organization_id: organizationId, role_id: roleId };
  return (await db('role_assignments').where(where).first('id')) !== undefined;
}
