import { grantsIn, type Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { RoleRow } from './role-store.ts';

/** What somebody holds, as far as handing it on is about. */
export type Holder = Pick<Principal, 'isAdmin' | 'permissions' | 'workspaces'>;

/**
 * Nobody grants more than they hold: each permission has to be held where it is given, organization-wide or in the
 * workspace.
 *
 * @param workspaceId null where the role is given organization-wide
 * @throws Forbidden with the permissions that are missing
 */
export function mayHandOut(
  caller: Principal,
  role: Pick<RoleRow, 'name' | 'permissions'>,
  workspaceId: number | null = null,
): void {
  if (caller.isSystemAdmin) return;
  const missing = missingToHandOut(caller, role.permissions, workspaceId);
  if (missing.length === 0) return;
  throw Forbidden(
    `You cannot hand out the role ${role.name}: it holds more than you do`,
    missing.map(permission =>
      missingPermission(permission === '*' ? 'administrator of the organization' : permission),
    ),
  );
}

/** Those of the permissions that somebody cannot give on. */
export function missingToHandOut(
  { isAdmin, permissions, workspaces }: Holder,
  wanted: readonly string[],
  workspaceId: number | null = null,
): string[] {
  if (isAdmin) return [];
  const there = grantsIn(workspaces, workspaceId).flatMap(grant => grant.permissions);
  const held = new Set([...permissions, ...there]);
  // "*" of a role that is not Admin stands for every permission, but only administrators give it on; in a workspace,
  // who holds it there does too.
  return wanted.filter(permission =>
    permission === '*' ? !there.includes('*') : !(held.has(permission) || held.has('*')),
  );
}
