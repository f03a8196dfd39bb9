import { holds, type Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { WorkspaceRow } from './create-workspace-row.ts';
import { WorkspaceNotFound } from './errors.ts';
import { reachableWorkspaces } from './reachable-workspaces.ts';

const COLUMNS = [
  'w.id',
  'w.organization_id',
  'w.name',
  'w.slug',
  'w.is_default',
  'w.settings',
  'w.created_at',
  'w.updated_at',
];

/** @throws WorkspaceNotFound, also for a workspace of another organization */
export async function workspaceOfOrganization(
  db: Knex.Transaction,
  organizationId: number,
  workspaceId: number,
): Promise<WorkspaceRow> {
  const where = { 'w.organization_id': organizationId, 'w.id': workspaceId };
  const row = await db('workspaces as w').select(COLUMNS).where(where).first();
  if (!row) throw WorkspaceNotFound();
  return row;
}

/** The workspace in which new users of an organization begin. */
export async function defaultWorkspace(db: Knex.Transaction, organizationId: number): Promise<WorkspaceRow> {
  const where = { 'w.organization_id': organizationId, 'w.is_default': true };
  const row = await db('workspaces as w').select(COLUMNS).where(where).first();
  if (!row) throw new Error(`Organization ${organizationId} has no default workspace`);
  return row;
}

/**
 * A workspace that the caller sees. The transaction is bound to the organization.
 *
 * @throws WorkspaceNotFound as workspaceOfOrganization does, Forbidden for one that the caller does not see
 */
export async function seenWorkspace(
  db: Knex.Transaction,
  caller: Principal,
  organizationId: number,
  workspaceId: number,
): Promise<WorkspaceRow> {
  const row = await workspaceOfOrganization(db, organizationId, workspaceId);
  const seen = await workspacesSeenBy(db, caller, organizationId).where('w.id', row.id).first('w.id');
  if (!seen) throw Forbidden('You cannot see this workspace', [missingPermission('workspace.read')]);
  return row;
}

/** The workspaces of an organization that the caller sees: all for a system administrator, and for a client that reads. */
export function workspacesSeenBy(
  db: Knex.Transaction,
  caller: Principal,
  organizationId: number,
): Knex.QueryBuilder<WorkspaceRow, WorkspaceRow[]> {
  const sees = caller.isSystemAdmin || (caller.kind === 'client' && holds(caller, 'workspace.read'));
  const seen = sees ? db('workspaces as w') : reachableWorkspaces(db, caller.userId ?? 0);
  return seen.where('w.organization_id', organizationId);
}

/** Adds the columns of a workspace; the default one first, then in order of name. */
export function workspacesInOrder(seen: Knex.QueryBuilder): Knex.QueryBuilder {
  return seen
    .select('w.id', 'w.name', 'w.slug', 'w.is_default')
    .orderByRaw('w.is_default desc, lower(w.name), w.id');
}
