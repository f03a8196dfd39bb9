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
  /** Part of address or display name; `email` and `name` of that one alone. */
  search?: string | undefined;
  email?: string | undefined;
  name?: string | undefined;
  /** Held organization-wide. */
  role_id?: number | undefined;
  /** Of which the member is one. */
  workspace_id?: number | undefined;
  status?: string | undefined;
  /** ISO 8601; who was never active is inactive since ever. */
  active_since?: string | undefined;
  inactive_since?: string | undefined;
}

export function matchingMembers(
  db: Knex.Transaction,
  organizationId: number,
  { role_id, workspace_id, status, active_since, inactive_since, ...parts }: MemberFilter,
): Knex.QueryBuilder {
  const matching = members(db, organizationId);
  if (status) matching.where('m.status', status);
  for (const [where, part] of Object.entries(parts)) {
    if (part)
      matching.whereRaw('m.user_id in (?)', [whoHave(db, organizationId, part, where as keyof typeof parts)]);
  }
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

const SHOWN_PARTS = {
  search: (name: string) => `(p.email like :part or lower(${name}) like :part)`,
  email: () => 'p.email like :part',
  name: (name: string) => `lower(${name}) like :part`,
};

/**
 * Ids of members whose address or name holds the part. Who goes by the user's own name is found by the index on people,
 * and the few whom the organization calls otherwise one by one.
 */
function whoHave(
  db: Knex.Transaction,
  organizationId: number,
  part: string,
  where: keyof typeof SHOWN_PARTS,
): Knex.Raw {
  const known =
    'memberships o join people p on p.user_id = o.user_id where o.organization_id = :organizationId';
  return db.raw(
    `select o.user_id from ${known} and o.display_name is null
       and (p.email || E'\n' || lower(p.display_name)) like :part and ${SHOWN_PARTS[where]('p.display_name')}
     union all
     select o.user_id from ${known} and o.display_name is not null and ${SHOWN_PARTS[where]('o.display_name')}`,
    { organizationId, part: `%${part.toLowerCase().replace(/[\\%_]/g, '\\$&')}%` },
  );
}

export const MEMBER_ORDERS = ['joined_at', 'email', 'display_name', 'last_login_at'] as const;

/** The order asked for, which leaves no two members equal. */
export function inMemberOrder(
  column: (typeof MEMBER_ORDERS)[number],
  order: 'asc' | 'desc',
): { column: string; order: string; nulls?: string }[] {
  return [
    { column: `m.${column}`, order, nulls: 'last' },
    { column: 'm.user_id', order },
  ];
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
  const row = await db('memberships as m')
    .join('people as p', 'p.user_id', 'm.user_id')
    .where('m.organization_id', organizationId)
    .whereRaw('(p.email = :email or p.verified_emails @> array[:email])', { email })
    .first('m.user_id');
  return row !== undefined;
}
