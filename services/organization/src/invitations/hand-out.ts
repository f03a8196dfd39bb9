import type { Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { RoleRow } from '../roles/role-store.ts';

/**
 * Nobody grants more than they hold: the role is given organization-wide, so each of its permissions has to be held
 * organization-wide.
 *
 * @throws Forbidden with the permissions that are missing
 */
export function mayHandOut(caller: Principal, role: RoleRow): void {
  if (caller.isSystemAdmin || caller.isAdmin) return;
  const held = new Set(caller.permissions);
  // "*" of a role that is not Admin stands for every permission, but only administrators give it on.
  const missing = role.permissions.filter(
    permission => permission === '*' || !(held.has(permission) || held.has('*')),
  );
  if (missing.length === 0) return;
  throw Forbidden(
    `You cannot hand out the role ${role.name}: it holds more than you do`,
    missing.map(permission =>
      missingPermission(permission === '*' ? 'administrator of the organization' : permission),
    ),
  );
}
