import { countAtMost, type SortedBy } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { UserNotFound } from './errors.ts';
import type { MemberSearch } from './member-search.ts';

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

/** The role of user m, organization-wide or in a workspace, as `place` says of assignment a: of several, the first assigned. */
export const firstRole = (place: string) => `(
  select jsonb_build_object('id', r.id, 'name', r.name) from held_roles a join roles r on r.id = a.role_id
  where a.organization_id = m.organization_id and a.user_id = m.user_id and ${place}
  order by a.assigned_at, a.id limit 1) as role`;

function members(db: Knex.Transaction, organizationId: number) {
  return db('members as m').where('m.organization_id', organizationId);
}

export function memberColumns(db: Knex.Transaction) {
  return [
    'm.user_id',
    'm.email',
    'm.display_name',
    'm.profile_image_url',
    'm.status',
    'm.is_admin',
    'm.source',
    'm.joined_at',
    db.raw(firstRole('a.workspace_id is null')),
  ];
}

/** What a member must match; what is left out matches everybody. */
export interface MemberFilter {
  /** Held organization-wide. */
  role_id?: number | undefined;
  /** Of which the member is one. */
  workspace_id?: number | undefined;
  status?: string | undefined;
  /** ISO 8601; who was never active is inactive since ever. */
  active_since?: string | undefined;
  inactive_since?: string | undefined;
}

/** Members without columns and order, of whom some may be searched for. Table: m members. */
export function matchingMembers(
  db: Knex.Transaction,
  organizationId: number,
  { role_id, workspace_id, status, active_since, inactive_since }: MemberFilter,
  search: MemberSearch = () => {},
): Knex.QueryBuilder {
  const matching = members(db, organizationId);
  search(matching);
  if (status) matching.where('m.status', status);
  if (active_since !== undefined) matching.where('m.last_activity_at', '>=', active_since);
  if (inactive_since !== undefined)
    matching.whereRaw("coalesce(m.last_activity_at, '-infinity') < ?", [inactive_since]);
  const also = (table: string) =>
    db(table).whereRaw('a.organization_id = m.organization_id and a.user_id = m.user_id');
  if (role_id !== undefined)
    matching.whereExists(also('held_roles as a').whereNull('a.workspace_id').where('a.role_id', role_id));
  if (workspace_id !== undefined)
    matching.whereExists(also('workspace_members as a').where('a.workspace_id', workspace_id));
  return matching;
}

const ORDERS = {
  joined_at: { column: 'm.joined_at', type: 'time' },
  email: { column: 'm.shown_email', type: 'text' },
  display_name: { column: 'm.shown_name', type: 'text' },
  last_login_at: { column: 'm.last_login_at', type: 'time', nullable: true },
} as const;

/** The order asked for, which leaves no two members equal. */
export function memberOrder(by: keyof typeof ORDERS, order: 'asc' | 'desc'): SortedBy {
  return { by, order, id: 'm.user_id', ...ORDERS[by] };
}

/** How many members match: of the organization as a whole that is known, and of more than are counted, how many are. */
export async function countMembers(
  db: Knex.Transaction,
  organizationId: number,
  matching: Knex.QueryBuilder,
  filter: object,
): Promise<number> {
  if (Object.values(filter).some(value => value !== undefined && value !== ''))
    return await countAtMost(matching);
  return await membersOf(db, organizationId);
}

/** How many members an organization has, suspended ones too. */
export async function membersOf(db: Knex.Transaction, organizationId: number): Promise<number> {
  const row = await db('organizations').where({ id: organizationId }).first('members');
  return row.members;
}

/** @throws UserNotFound for anybody who is no member */
export async function memberOf<Row = MemberRow>(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  columns: (string | Knex.Raw)[] = memberColumns(db),
): Promise<Row> {
  const row = await members(db, organizationId).where('m.user_id', userId).select(columns).first();
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
  const owners = db('people').where({ email }).select('user_id');
  const former = db('people').whereRaw('verified_emails @> array[?]', [email]).select('user_id');
  const row = await db('memberships')
    .where({ organization_id: organizationId })
    .whereIn('user_id', owners.union(former))
    .first('user_id');
  return row !== undefined;
}
