import type { Knex } from 'knex';
import { locationOf, versionTag } from '../answer.ts';
import { ScimUserNotFound } from '../errors.ts';
import { Uniqueness } from '../protocol/errors.ts';
import { UserType } from '../protocol/schemas.ts';
import { type Document, schemaIdsOf } from '../protocol/value.ts';
import { violatesUniqueness } from './unique-violation.ts';

/** A member as SCIM shows them. */
export interface UserRow {
  organization_id: number;
  user_id: number;
  status: 'active' | 'suspended';
  user_name: string;
  external_id: string | null;
  says_active: boolean;
  document: Document;
  version: number;
  created_at: Date;
  updated_at: Date;
}

export const USER_COLUMNS = [
  'u.organization_id',
  'u.user_id',
  'u.status',
  'u.user_name',
  'u.external_id',
  'u.says_active',
  'u.document',
  'u.version',
  'u.created_at',
  'u.updated_at',
];

/** Those that are members, and known by a name. */
export const usersOf = (db: Knex, organizationId: number): Knex.QueryBuilder =>
  db('scim_users as u').where('u.organization_id', organizationId).whereNotNull('u.user_name');

/** An id as clients send it; null for what is none, which no user has. */
export function idOf(text: string): number | null {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

/** @throws ScimUserNotFound, also for a user of another organization, one who is gone, and what is no id */
export async function userOf(
  db: Knex,
  organizationId: number,
  id: string,
  { locked = false } = {},
): Promise<UserRow> {
  const userId = idOf(id);
  if (userId === null) throw ScimUserNotFound();
  const found = usersOf(db, organizationId).where('u.user_id', userId);
  const row = await (locked ? found.forUpdate('u') : found).first(USER_COLUMNS);
  if (!row) throw ScimUserNotFound();
  return row;
}

/** What a client reads and writes of the row, without what the platform alone says. */
export function attributesOf({ user_name, external_id, status, says_active, document }: UserRow): Document {
  return {
    ...document,
    userName: user_name,
    ...(says_active ? { active: status === 'active' } : {}),
    ...(external_id === null ? {} : { externalId: external_id }),
  };
}

/** Groups of a user, as its attribute `groups` shows them. */
export type GroupsOfUsers = ReadonlyMap<number, readonly Document[]>;

export async function groupsOfUsers(
  db: Knex,
  organizationId: number,
  userIds: readonly number[],
  base: string,
): Promise<GroupsOfUsers> {
  if (userIds.length === 0) return new Map();
  const rows: { user_id: number; id: number; display_name: string }[] = await db('scim_group_members as m')
    .join('scim_groups as g', { 'g.organization_id': 'm.organization_id', 'g.id': 'm.group_id' })
    .where('m.organization_id', organizationId)
    .whereIn('m.user_id', [...userIds])
    .orderBy('g.id')
    .select('m.user_id', 'g.id', 'g.display_name');
  const shown = new Map<number, Document[]>();
  for (const { user_id, id, display_name } of rows) {
    const group = {
      value: String(id),
      $ref: `${base}/Groups/${id}`,
      display: display_name,
      type: 'direct',
    };
    shown.set(user_id, [...(shown.get(user_id) ?? []), group]);
  }
  return shown;
}

/** The whole document of a user. */
export function userDocument(row: UserRow, groups: GroupsOfUsers, base: string): Document {
  const attributes = attributesOf(row);
  const memberOf = groups.get(row.user_id) ?? [];
  return {
    schemas: schemaIdsOf(UserType, attributes),
    id: String(row.user_id),
    ...attributes,
    ...(memberOf.length > 0 ? { groups: memberOf } : {}),
    meta: {
      resourceType: UserType.name,
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: locationOf(base, UserType, row.user_id),
      version: versionTag(row.version),
    },
  };
}

/** @throws Uniqueness where another member is known by the name */
export async function requireFreeName(
  db: Knex,
  organizationId: number,
  userName: string,
  besides: number | null = null,
): Promise<void> {
  const taken = usersOf(db, organizationId).whereRaw('u.folded_name = lower(?)', [userName]);
  if (besides !== null) taken.whereNot('u.user_id', besides);
  if (await taken.first('u.user_id')) throw Uniqueness('userName is taken by another user');
}

/** @param status where the attributes do not say */
function columnsOf({ userName, externalId, active, ...document }: Document, status: UserRow['status']) {
  return {
    user_name: userName as string,
    external_id: (externalId as string | undefined) ?? null,
    status: active === undefined ? status : active === false ? 'suspended' : 'active',
    says_active: active !== undefined,
    document: JSON.stringify(document),
  };
}

/**
 * Writes a user whom a client has provisioned: over what an event has told of the same member meanwhile.
 *
 * @throws Uniqueness
 */
export async function insertUser(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  attributes: Document,
): Promise<UserRow> {
  const now = db.fn.now();
  const written = { ...columnsOf(attributes, 'active'), written_at: now, said_at: now, updated_at: now };
  const [row] = await db('scim_users')
    .insert({ organization_id: organizationId, user_id: userId, ...written, created_at: now })
    .onConflict(['organization_id', 'user_id'])
    .merge({ ...written, version: db.raw("nextval('scim_versions')") })
    .returning(USER_COLUMNS.map(column => column.replace('u.', '')))
    .catch(refuseTaken);
  return row;
}

/** @throws Uniqueness */
export async function updateUser(db: Knex.Transaction, row: UserRow, attributes: Document): Promise<UserRow> {
  const { organization_id, user_id } = row;
  const columns = columnsOf(attributes, row.status);
  const said = columns.status === row.status ? {} : { said_at: db.fn.now() };
  const [changed] = await db('scim_users')
    .where({ organization_id, user_id })
    .update({
      ...columns,
      ...said,
      written_at: db.fn.now(),
      updated_at: db.fn.now(),
      version: db.raw("nextval('scim_versions')"),
    })
    .returning(USER_COLUMNS.map(column => column.replace('u.', '')))
    .catch(refuseTaken);
  return changed;
}

function refuseTaken(cause: unknown): never {
  throw violatesUniqueness(cause) ? Uniqueness('userName is taken by another user') : cause;
}

/** Leaves of a user who is no member any more what an older event must not bring back. */
export async function forgetUser(
  db: Knex.Transaction,
  where: { organization_id: number; user_id: number },
  saidAt: Knex.Raw | string = db.fn.now(),
): Promise<void> {
  const { rows: left } = await db.raw(
    'delete from scim_group_members where organization_id = ? and user_id = ? returning group_id',
    [where.organization_id, where.user_id],
  );
  if (left.length > 0)
    await db('scim_groups')
      .where('organization_id', where.organization_id)
      .whereIn(
        'id',
        left.map(({ group_id }: { group_id: number }) => group_id),
      )
      .update({ version: db.raw("nextval('scim_versions')"), updated_at: db.fn.now() });
  await db('scim_users').where(where).update({
    status: 'removed',
    is_admin: false,
    said_at: saidAt,
    user_name: null,
    external_id: null,
    document: '{}',
    written_at: null,
    roles_due_at: null,
  });
}
