import { changesOf, memberChanged, roleWithdrawn } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { keepAnAdministrator } from '../members/last-administrator.ts';
import { membershipOf } from '../members/member-store.ts';
import { assignRole } from './assign-role.ts';
import { AssignmentNotFound, RoleInUse } from './errors.ts';
import { isAdminRole, type RoleRow } from './role-store.ts';

export interface AssignmentRow {
  id: number;
  role_id: number;
  user_id: number;
  workspace_id: number | null;
  assigned_by: number | null;
  assigned_at: Date;
  expires_at: Date | null;
}

export const ASSIGNMENT_COLUMNS = [
  'id',
  'role_id',
  'user_id',
  'workspace_id',
  'assigned_by',
  'assigned_at',
  'expires_at',
];

export interface Giving {
  organizationId: number;
  userId: number;
  role: RoleRow;
  workspaceId: number | null;
  /** Null: for good. */
  expiresAt: Date | null;
  by: number | null;
  /** What gives it, where people do not. */
  source?: string | undefined;
}

/**
 * Gives a member a role, or another end to one that is held. Who gets the Admin role organization-wide administers the
 * organization. The caller holds the organization's lock.
 *
 * @returns whether it is new
 * @throws UserNotFound, LastAdministrator, EmailDomainNotAllowed
 */
export async function giveRole(work: Work, giving: Giving): Promise<boolean> {
  const { organizationId, userId, role, workspaceId, expiresAt, by, source } = giving;
  const membership = await membershipOf(work.db, organizationId, userId);
  const administers = workspaceId === null && isAdminRole(role);
  if (administers && expiresAt !== null) await keepAnAdministrator(work.db, organizationId, membership);
  const assignment = { organizationId, userId, roleId: role.id, workspaceId, expiresAt, source };
  const isNew = await assignRole(work, assignment, by);
  if (administers && !membership.is_admin) await setAdministrator(work, organizationId, userId, role.id);
  return isNew;
}

/**
 * Takes a role from a member. The caller holds the organization's lock.
 *
 * @throws AssignmentNotFound, LastAdministrator
 */
export async function withdrawRole(
  work: Work,
  organizationId: number,
  { id, role }: { id: number; role: RoleRow },
  reason: 'withdrawn' | 'expired' = 'withdrawn',
): Promise<AssignmentRow> {
  const { db, emit } = work;
  const where = { organization_id: organizationId, role_id: role.id, id };
  const found: AssignmentRow | undefined = await db('role_assignments')
    .where(where)
    .first(ASSIGNMENT_COLUMNS);
  if (!found) throw AssignmentNotFound();
  const { user_id: userId, workspace_id } = found;
  const administered = workspace_id === null && isAdminRole(role);
  if (administered && found.expires_at === null)
    await keepAnAdministrator(db, organizationId, await membershipOf(db, organizationId, userId));
  await db('role_assignments').where(where).delete();
  const data = { organization_id: organizationId, role_id: role.id, user_id: userId, workspace_id, reason };
  await emit(roleWithdrawn, { aggregateId: role.id, organizationId, data });
  if (administered) await setAdministrator(work, organizationId, userId, null);
  return found;
}

async function setAdministrator(
  { db, emit }: Work,
  organizationId: number,
  userId: number,
  roleId: number | null,
): Promise<void> {
  const is_admin = roleId !== null;
  await db('memberships').where({ organization_id: organizationId, user_id: userId }).update({ is_admin });
  const changes = changesOf({ is_admin: !is_admin }, { is_admin });
  const data = { organization_id: organizationId, user_id: userId, role_id: roleId, is_admin, changes };
  await emit(memberChanged, { aggregateId: userId, organizationId, data });
}

/** Assignments that are handed over in one transaction at most. */
const MOST_AT_ONCE = 1_000;

/**
 * Gives all who hold one role another where they hold it, to the same end; who holds both keeps the longer one. The caller
 * holds the organization's lock.
 *
 * @returns how many users
 * @throws RoleInUse for more than one transaction takes, EmailDomainNotAllowed
 */
export async function moveAssignments(
  work: Work,
  move: { organizationId: number; from: number; to: RoleRow; by: number | null },
): Promise<number> {
  const { organizationId, from, to, by } = move;
  const leaving = work.db('role_assignments').where({ organization_id: organizationId, role_id: from });
  const held: AssignmentRow[] = await leaving
    .clone()
    .orderBy('id')
    .limit(MOST_AT_ONCE + 1)
    .select(ASSIGNMENT_COLUMNS);
  if (held.length > MOST_AT_ONCE)
    throw RoleInUse(
      `More than ${MOST_AT_ONCE} assignments of the role: change them by POST /users/bulk-update first`,
    );
  for (const { user_id: userId, workspace_id: workspaceId, expires_at } of held) {
    const data = {
      organization_id: organizationId,
      role_id: from,
      user_id: userId,
      workspace_id: workspaceId,
    };
    await work.emit(roleWithdrawn, { aggregateId: from, organizationId, data });
    await giveRoleForLonger(work, {
      organizationId,
      userId,
      role: to,
      workspaceId,
      expiresAt: expires_at,
      by,
    });
  }
  await leaving.clone().delete();
  return new Set(held.map(({ user_id }) => user_id)).size;
}

/** As giveRole; where the role is held there already, the later end counts. */
export async function giveRoleForLonger(work: Work, giving: Giving): Promise<void> {
  const { organizationId, userId, role, workspaceId, expiresAt } = giving;
  const present = await work
    .db('role_assignments')
    .where({ organization_id: organizationId, role_id: role.id, user_id: userId, workspace_id: workspaceId })
    .first('expires_at');
  await giveRole(work, {
    ...giving,
    expiresAt: present ? later(expiresAt, present.expires_at) : expiresAt,
  });
}

const later = (one: Date | null, other: Date | null) =>
  one === null || other === null ? null : one > other ? one : other;
