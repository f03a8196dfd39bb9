import { OrganizationNotFound, withinOrganization } from '@rivergate/endpoint';
import { organizationDeleted } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { nameKeys } from '../names/name-keys.ts';
import type { SettingsChange } from '../settings/settings.ts';

export interface OrganizationRow {
  id: number;
  name: string;
  domain: string | null;
  plan: string;
  personal_user_id: number | null;
  /** Only what was set; see effectiveSettings. */
  settings: SettingsChange;
  created_by: number;
  created_at: Date;
  updated_at: Date;
  /** Null unless it is deleted and may still be restored. */
  deleted_at: Date | null;
  erase_at: Date | null;
  /** Whether sso has to be asked for policies by attributes. */
  attribute_policies: boolean;
}

const COLUMNS = [
  'id',
  'name',
  'domain',
  'plan',
  'personal_user_id',
  'settings',
  'created_by',
  'created_at',
  'updated_at',
  'deleted_at',
  'erase_at',
  'attribute_policies',
];

/**
 * Binds the transaction to the organization and reads it; one that is deleted is not there. Also for system administrators, who act on organizations
 * of which they are no member and to which their transaction is therefore not bound.
 *
 * @throws OrganizationNotFound
 */
export async function enterOrganization(
  db: Knex.Transaction,
  organizationId: number,
): Promise<OrganizationRow> {
  await withinOrganization(db, organizationId);
  const row = await db('organizations')
    .select(COLUMNS)
    .where({ id: organizationId, deleted_at: null })
    .first();
  if (!row) throw OrganizationNotFound();
  return row;
}

/**
 * As enterOrganization, and makes every other change of members, invitations and seats of the organization wait for
 * this transaction. Whoever counts before writing has to hold this lock.
 *
 * @throws OrganizationNotFound
 */
export async function lockOrganization(
  db: Knex.Transaction,
  organizationId: number,
): Promise<OrganizationRow> {
  const row = await lockAnyOrganization(db, organizationId);
  if (row.deleted_at !== null) throw OrganizationNotFound();
  return row;
}

/**
 * As lockOrganization, also for one that is deleted and may still be restored.
 *
 * @throws OrganizationNotFound
 */
export async function lockAnyOrganization(
  db: Knex.Transaction,
  organizationId: number,
): Promise<OrganizationRow> {
  await withinOrganization(db, organizationId);
  const row = await db('organizations').select(COLUMNS).where({ id: organizationId }).forUpdate().first();
  if (!row) throw OrganizationNotFound();
  return row;
}

/** The id that the next organization will have: its transaction is bound to it before the row exists. */
export async function reserveOrganizationId(db: Knex.Transaction): Promise<number> {
  const { rows } = await db.raw("select nextval(pg_get_serial_sequence('organizations', 'id')) as id");
  return Number(rows[0].id);
}

/** @returns whether it was inserted; false when the name is taken */
export async function insertOrganization(
  db: Knex.Transaction,
  row: Pick<
    OrganizationRow,
    'id' | 'name' | 'domain' | 'plan' | 'personal_user_id' | 'created_by' | 'settings'
  >,
): Promise<boolean> {
  const inserted = await db('organizations')
    .insert({ ...row, ...nameKeys(row.name), settings: JSON.stringify(row.settings) })
    .onConflict()
    .ignore()
    .returning('id');
  return inserted.length > 0;
}

/** What belongs to an organization, in the order of foreign keys: nothing goes with a row that comes before it. */
const OWN_TABLES = [
  'webhook_deliveries',
  'webhook_messages',
  'webhooks',
  'job_items',
  'jobs',
  'invitation_mails',
  'invitations',
  'user_erasures',
  'merge_proofs',
  'merged_users',
  'former_members',
  'join_requests',
  'role_assignments',
  'workspace_members',
  'memberships',
  'workspaces',
  'roles',
  'branding',
];

/**
 * Erases rows of an organization, whose lock the caller holds.
 *
 * @param most by default all of them
 * @returns how many there were
 */
export async function eraseRows(
  db: Knex.Transaction,
  organizationId: number,
  most = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  let erased = 0;
  for (const table of OWN_TABLES) {
    if (erased === most) break;
    const some = db(table)
      .where({ organization_id: organizationId })
      .limit(most - erased)
      .select('ctid');
    erased += await db(table).whereRaw('ctid = any(array(?))', [some]).delete();
  }
  return erased;
}

/**
 * Erases an organization with what belongs to it here, for good; its audit log stays. Other services do so after the event
 * of this. The caller holds its lock.
 */
export async function eraseOrganization(
  { db, emit }: Work,
  { id, name, deleted_at }: Pick<OrganizationRow, 'id' | 'name' | 'deleted_at'>,
  reason: string,
): Promise<void> {
  await eraseRows(db, id);
  await db('organizations').where({ id }).delete();
  await db('deletions').insert({ organization_id: id, deleted_at });
  const data = { organization_id: id, name, reason };
  await emit(organizationDeleted, { aggregateId: id, organizationId: id, data });
}

/** Whether any organization has the name, or one that looks like it. Needs a transaction across organizations. */
export async function isNameTaken(db: Knex.Transaction, name: string): Promise<boolean> {
  const { name_key, name_skeleton } = nameKeys(name);
  const taken = await db('organizations').where({ name_key }).orWhere({ name_skeleton }).first('id');
  return taken !== undefined;
}

/** Organizations in which the user is active, without deleted ones, by name. Needs a transaction across organizations. */
export function organizationsOfUser(db: Knex.Transaction, userId: number): Knex.QueryBuilder {
  return db('organizations as o')
    .join('memberships as m', 'm.organization_id', 'o.id')
    .where({ 'm.user_id': userId, 'm.status': 'active', 'o.deleted_at': null });
}
