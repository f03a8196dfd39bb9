import type { Knex } from 'knex';
import { UserNotFound } from './errors.ts';

export interface MemberRow {
  user_id: number;
  email: string | null;
  display_name: string | null;
  profile_image_url: string | null;
  status: 'active' | 'suspended';
  is_admin: boolean;
  role: { id: number; name: string } | null;
  source: 'signup' | 'invitation' | 'admin' | 'sso' | 'scim';
  joined_at: Date;
}

export interface MembershipRow {
  user_id: number;
  status: 'active' | 'suspended';
  is_admin: boolean;
}

/** The role of user m, organization-wide or in workspace w: of several, the first assigned. */
const firstRole = (place: string) => `(
  select jsonb_build_object('id', r.id, 'name', r.name) from held_roles a join roles r on r.id = a.role_id
  where a.organization_id = m.organization_id and a.user_id = m.user_id and ${place}
  order by a.assigned_at, a.id limit 1) as role`;

function members(db: Knex.Transaction, organizationId: number) {
  return db('memberships as m')
    .leftJoin('people as p', 'p.user_id', 'm.user_id')
    .where('m.organization_id', organizationId);
}

function columns(db: Knex.Transaction) {
  return [
    'm.user_id',
    'p.email',
    'p.display_name',
    'p.profile_image_url',
    'm.status',
    'm.is_admin',
    'm.source',
    'm.joined_at',
    db.raw(firstRole('a.workspace_id is null')),
  ];
}

export interface MemberQuery {
  search?: string | undefined;
  role_id?: number | undefined;
  status?: string | undefined;
  sort_by: 'joined_at' | 'email' | 'display_name';
  sort_order: 'asc' | 'desc';
}

const SORT_COLUMNS = { joined_at: 'm.joined_at', email: 'p.email', display_name: 'p.display_name' };

export function matchingMembers(
  db: Knex.Transaction,
  organizationId: number,
  { search, role_id, status }: MemberQuery,
): Knex.QueryBuilder {
  const matching = members(db, organizationId);
  if (status) matching.where('m.status', status);
  if (search) {
    const found =
      'strpos(lower(p.email), lower(:search)) > 0 or strpos(lower(p.display_name), lower(:search)) > 0';
    matching.whereRaw(`(${found})`, { search });
  }
  if (role_id !== undefined) {
    matching.whereExists(
      db('held_roles as a')
        .whereRaw(
          'a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null',
        )
        .where('a.role_id', role_id),
    );
  }
  return matching;
}

/** Adds the columns of a member in the order asked for. */
export function membersInOrder(db: Knex.Transaction, { sort_by, sort_order }: MemberQuery) {
  return (matching: Knex.QueryBuilder) =>
    matching.select(columns(db)).orderBy([
      { column: SORT_COLUMNS[sort_by], order: sort_order },
      { column: 'm.user_id', order: sort_order },
    ]);
}

/** @throws UserNotFound for anybody who is no member */
export async function memberOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<MemberRow> {
  const row = await members(db, organizationId).where('m.user_id', userId).select(columns(db)).first();
  if (!row) throw UserNotFound();
  return row;
}

export async function workspacesOfMember(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<{ id: number; name: string; role: { id: number; name: string } | null }[]> {
  return await db('workspace_members as m')
    .join('workspaces as w', 'w.id', 'm.workspace_id')
    .where({ 'm.organization_id': organizationId, 'm.user_id': userId })
    .select('w.id', 'w.name', db.raw(firstRole('a.workspace_id = w.id')))
    .orderByRaw('w.is_default desc, lower(w.name), w.id');
}

/** @throws UserNotFound for anybody who is no member */
export async function membershipOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<MembershipRow> {
  const row = await findMembership(db, organizationId, userId);
  if (!row) throw UserNotFound();
  return row;
}

export async function findMembership(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<MembershipRow | undefined> {
  return await db('memberships')
    .where({ organization_id: organizationId, user_id: userId })
    .first('user_id', 'status', 'is_admin');
}

/** Whether any member owns the address. */
export async function isMemberAddress(
  db: Knex.Transaction,
  organizationId: number,
  email: string,
): Promise<boolean> {
  const row = await members(db, organizationId)
    .whereRaw('(p.email = :email or p.verified_emails @> array[:email])', { email })
    .first('m.user_id');
  return row !== undefined;
}
