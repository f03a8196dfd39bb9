import { roleAssigned, roleWithdrawn } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { requireAllowedRole } from '../members/allowed-domains.ts';

export interface Assignment {
  organizationId: number;
  userId: number;
  roleId: number;
  /** null: organization-wide */
  workspaceId: number | null;
  /** When it ends; by default never. */
  expiresAt?: Date | null;
  /** What gives it, where people do not: `scim`, or a provider as `sso 7`. */
  source?: string | undefined;
}

/**
 * Gives a member a role. One that a source gave, and people give too, is theirs from then on.
 *
 * @returns whether that is new: of one that is held already, only the end may change
 * @throws EmailDomainNotAllowed
 */
export async function assignRole(
  { db, emit }: Work,
  assignment: Assignment,
  by: number | null,
): Promise<boolean> {
  const { organizationId, userId, roleId, workspaceId, expiresAt = null, source } = assignment;
  const given = { expires_at: expiresAt, sources: source === undefined ? null : [source] };
  if (by !== userId) await requireAllowedRole(db, assignment);
  const row = {
    organization_id: organizationId,
    user_id: userId,
    role_id: roleId,
    workspace_id: workspaceId,
  };
  const [written] = await db('role_assignments')
    .insert({ ...row, assigned_by: by, ...given })
    .onConflict(['organization_id', 'user_id', 'role_id', 'workspace_id'])
    .merge(given)
    .whereRaw(
      '(role_assignments.expires_at, role_assignments.sources) is distinct from (excluded.expires_at, excluded.sources)',
    )
    // A row that an update wrote has a deleting transaction of the version before it.
    .returning(db.raw('xmax = 0 as is_new'));
  if (!written) return false;
  const data = { ...row, expires_at: expiresAt?.toISOString() ?? null };
  await emit(roleAssigned, { aggregateId: roleId, organizationId, data });
  return written.is_new;
}

/**
 * Makes this the one role that a member holds organization-wide. Where a role that goes is also held in workspaces, the
 * new one takes its place there: who is no administrator any more does not stay one in the workspace of the invitation.
 *
 * @returns whether anything changed
 * @throws EmailDomainNotAllowed
 */
export async function replaceOrganizationRole(
  work: Work,
  { organizationId, userId, roleId }: { organizationId: number; userId: number; roleId: number },
  by: number | null,
): Promise<boolean> {
  const held = work.db('role_assignments').where({ organization_id: organizationId, user_id: userId });
  const leaving: number[] = await held
    .clone()
    .whereNull('workspace_id')
    .whereNot('role_id', roleId)
    .pluck('role_id');
  const places: (number | null)[] = await held
    .clone()
    .whereIn('role_id', leaving)
    .distinct()
    .pluck('workspace_id');
  let changed = leaving.length > 0;
  // Before the others go: what is allowed depends on what is held.
  for (const workspaceId of new Set([null, ...places])) {
    const assigned = await assignRole(work, { organizationId, userId, roleId, workspaceId }, by);
    changed ||= assigned;
  }
  const withdrawn: { role_id: number; workspace_id: number | null }[] = await held
    .clone()
    .whereIn('role_id', leaving)
    .delete()
    .returning(['role_id', 'workspace_id']);
  for (const { role_id, workspace_id } of withdrawn) {
    const data = { organization_id: organizationId, role_id, user_id: userId, workspace_id };
    await work.emit(roleWithdrawn, { aggregateId: role_id, organizationId, data });
  }
  return changed;
}
