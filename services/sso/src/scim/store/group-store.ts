import type { Knex } from 'knex';
import { locationOf, versionTag } from '../answer.ts';
import { ScimGroupNotFound } from '../errors.ts';
import { Uniqueness } from '../protocol/errors.ts';
import { GroupType } from '../protocol/schemas.ts';
import type { Document } from '../protocol/value.ts';
import { violatesUniqueness } from './unique-violation.ts';
import { idOf } from './user-store.ts';

export interface GroupRow {
  organization_id: number;
  id: number;
  display_name: string;
  external_id: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

export const GROUP_COLUMNS = [
  'g.organization_id',
  'g.id',
  'g.display_name',
  'g.external_id',
  'g.version',
  'g.created_at',
  'g.updated_at',
];

const RETURNED = GROUP_COLUMNS.map(column => column.replace('g.', ''));

export const groupsOf = (db: Knex, organizationId: number): Knex.QueryBuilder =>
  db('scim_groups as g').where('g.organization_id', organizationId);

/** @throws ScimGroupNotFound, also for one of another organization and for what is no id */
export async function groupOf(
  db: Knex,
  organizationId: number,
  id: string,
  { locked = false } = {},
): Promise<GroupRow> {
  const groupId = idOf(id);
  if (groupId === null) throw ScimGroupNotFound();
  const found = groupsOf(db, organizationId).where('g.id', groupId);
  const row = await (locked ? found.forUpdate('g') : found).first(GROUP_COLUMNS);
  if (!row) throw ScimGroupNotFound();
  return row;
}

export const attributesOfGroup = ({ display_name, external_id }: GroupRow): Document => ({
  displayName: display_name,
  ...(external_id === null ? {} : { externalId: external_id }),
});

/** Members of groups, as the attribute `members` shows them. */
export type MembersOfGroups = ReadonlyMap<number, readonly Document[]>;

/** The whole document of a group. */
export function groupDocument(row: GroupRow, members: MembersOfGroups, base: string): Document {
  const shown = members.get(row.id) ?? [];
  return {
    schemas: [GroupType.schema.id],
    id: String(row.id),
    ...attributesOfGroup(row),
    ...(shown.length > 0 ? { members: shown } : {}),
    meta: {
      resourceType: GroupType.name,
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: locationOf(base, GroupType, row.id),
      version: versionTag(row.version),
    },
  };
}

const columnsOf = ({ displayName, externalId }: Document) => ({
  display_name: displayName as string,
  external_id: (externalId as string | undefined) ?? null,
});

/** @throws Uniqueness */
export async function insertGroup(
  db: Knex.Transaction,
  organizationId: number,
  attributes: Document,
): Promise<GroupRow> {
  const [row] = await db('scim_groups')
    .insert({ organization_id: organizationId, ...columnsOf(attributes) })
    .returning(RETURNED)
    .catch(refuseTaken);
  return row;
}

/** @throws Uniqueness */
export async function updateGroup(
  db: Knex.Transaction,
  { id, organization_id }: GroupRow,
  attributes: Document,
): Promise<GroupRow> {
  const [row] = await db('scim_groups')
    .where({ id, organization_id })
    .update({
      ...columnsOf(attributes),
      updated_at: db.fn.now(),
      version: db.raw("nextval('scim_versions')"),
    })
    .returning(RETURNED)
    .catch(refuseTaken);
  return row;
}

function refuseTaken(cause: unknown): never {
  throw violatesUniqueness(cause) ? Uniqueness('displayName is taken by another group') : cause;
}
