import type { Principal } from '@rivergate/caller';
import { changesOf, roleChanged, roleCreated, roleDeleted } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { withdrawInvitationsOfHolders } from '../invitations/withdraw-invitations.ts';
import { nameKeys } from '../names/name-keys.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { violatesUniqueness } from '../organizations/unique-violation.ts';
import { RoleAlreadyExists, RoleInUse, SystemRoleProtected } from './errors.ts';
import { mayHandOut } from './hand-out.ts';
import { keepOwnRights } from './keep-own-rights.ts';
import { moveAssignments } from './role-assignments.ts';
import { holdersOf, isAssigned, type RoleRow, roleOfOrganization } from './role-store.ts';

export type RoleFields = Pick<RoleRow, 'name' | 'permissions'>;

/** In which organization, and by whom. */
export interface Change {
  organizationId: number;
  caller: Principal;
}

/**
 * Adds a role that holds no more than the caller does.
 *
 * @throws Forbidden, RoleAlreadyExists
 */
export async function createRole(
  { db, emit }: Work,
  { organizationId, caller }: Change,
  role: RoleFields,
): Promise<Omit<RoleRow, 'is_system'>> {
  mayHandOut(caller, role);
  const [created] = await db('roles')
    .insert({
      organization_id: organizationId,
      name: role.name,
      ...nameKeys(role.name),
      permissions: role.permissions,
    })
    .onConflict()
    .ignore()
    .returning(['id', 'name', 'permissions', 'created_at']);
  if (!created) throw RoleAlreadyExists();
  const { id, name, permissions } = created;
  const data = { role_id: id, organization_id: organizationId, name, permissions, builtin: false };
  await emit(roleCreated, { aggregateId: id, organizationId, data });
  return created;
}

/** What a change of a role did to those who hold it. */
export interface Impact {
  affected_users: number;
  permissions_added: string[];
  permissions_removed: string[];
}

/**
 * Changes a custom role for all who hold it.
 *
 * @param to what it is from now on, made from what it was
 * @throws RoleNotFound, SystemRoleProtected, Forbidden, RoleAlreadyExists, WouldLoseOwnRights
 */
export async function changeRole(
  work: Work,
  { organizationId, caller, confirmed }: Change & { confirmed: boolean },
  roleId: number,
  to: (before: RoleRow) => Partial<RoleFields>,
): Promise<{ role: RoleFields & { id: number }; impact: Impact }> {
  const { db, emit } = work;
  await lockOrganization(db, organizationId);
  const before = await customRole(work, organizationId, roleId);
  const { name, permissions } = { ...before, ...to(before) };
  const added = permissions.filter(permission => !before.permissions.includes(permission));
  const removed = before.permissions.filter(permission => !permissions.includes(permission));
  mayHandOut(caller, { name, permissions: added });
  const keeping = await keepOwnRights(db, organizationId, caller, confirmed);
  const [role] = await db('roles')
    .where({ organization_id: organizationId, id: roleId })
    .update({
      ...(name === before.name ? {} : { name, ...nameKeys(name) }),
      permissions,
      updated_at: db.fn.now(),
    })
    .returning(['id', 'name', 'permissions'])
    .catch(cause => {
      throw violatesUniqueness(cause) ? RoleAlreadyExists() : cause;
    });
  await keeping();
  if (name !== before.name || added.length + removed.length > 0) {
    const changes = changesOf(before, { name, permissions });
    const data = { role_id: roleId, organization_id: organizationId, name, permissions, changes };
    await emit(roleChanged, { aggregateId: roleId, organizationId, data });
  }
  if (removed.length > 0) await withdrawInvitationsOfHolders(work, organizationId, roleId);
  const impact = {
    affected_users: await holdersOf(db, organizationId, roleId),
    permissions_added: added,
    permissions_removed: removed,
  };
  return { role, impact };
}

/**
 * Ends a custom role. Those who hold it get the replacement where they held it; without one, nobody may hold it.
 *
 * @returns how many users hold the replacement instead
 * @throws RoleNotFound, SystemRoleProtected, RoleInUse, Forbidden, WouldLoseOwnRights
 */
export async function deleteRole(
  work: Work,
  { organizationId, caller, confirmed }: Change & { confirmed: boolean },
  roleId: number,
  replacementId?: number,
): Promise<number> {
  const { db, emit } = work;
  await lockOrganization(db, organizationId);
  await customRole(work, organizationId, roleId);
  let moved = 0;
  if (replacementId !== undefined && replacementId !== roleId) {
    const replacement = await roleOfOrganization(db, organizationId, replacementId);
    mayHandOut(caller, replacement);
    const keeping = await keepOwnRights(db, organizationId, caller, confirmed);
    moved = await moveAssignments(work, { organizationId, from: roleId, to: replacement, by: caller.userId });
    await keeping();
  } else if (await isAssigned(db, organizationId, roleId)) throw RoleInUse();
  if (moved > 0) await withdrawInvitationsOfHolders(work, organizationId, replacementId!);
  await db('roles').where({ organization_id: organizationId, id: roleId }).delete();
  const data = { role_id: roleId, organization_id: organizationId };
  await emit(roleDeleted, { aggregateId: roleId, organizationId, data });
  return moved;
}

async function customRole({ db }: Work, organizationId: number, roleId: number): Promise<RoleRow> {
  const role = await roleOfOrganization(db, organizationId, roleId);
  if (role.is_system) throw SystemRoleProtected();
  return role;
}
