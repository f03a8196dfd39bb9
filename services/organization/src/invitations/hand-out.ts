import { holds, type Principal } from '@rivergate/caller';
import { Forbidden, missingPermission } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { type Standing, standingOf } from '../access/standing.ts';
import { personOf } from '../people/people-store.ts';
import type { RoleRow } from '../roles/role-store.ts';
import type { InvitationRow } from './invitation-store.ts';

/**
 * Nobody grants more than they hold: the role is given organization-wide, so each of its permissions has to be held
 * organization-wide.
 *
 * @throws Forbidden with the permissions that are missing
 */
export function mayHandOut(caller: Principal, role: RoleRow): void {
  if (caller.isSystemAdmin) return;
  const missing = missingToHandOut(caller, role);
  if (missing.length === 0) return;
  throw Forbidden(
    `You cannot hand out the role ${role.name}: it holds more than you do`,
    missing.map(permission =>
      missingPermission(permission === '*' ? 'administrator of the organization' : permission),
    ),
  );
}

/** Whether a member of this standing could send an invitation to the role now. */
export function couldInvite(standing: Standing, role: Pick<RoleRow, 'permissions'>): boolean {
  return (
    standing.member &&
    holds({ ...standing, isSystemAdmin: false }, 'member.invite') &&
    missingToHandOut(standing, role).length === 0
  );
}

/**
 * Whether the one who sent an invitation could send it now: an invitation is worth what its sender may do when it is
 * accepted. The caller holds the organization's lock, or only shows the invitation.
 */
export async function isStillHandedOut(
  db: Knex.Transaction,
  invitation: Pick<InvitationRow, 'organization_id' | 'invited_by' | 'by_system_admin'>,
  role: Pick<RoleRow, 'permissions'>,
): Promise<boolean> {
  if (invitation.by_system_admin) return true;
  const inviter = await personOf(db, invitation.invited_by);
  if (inviter?.status !== 'active') return false;
  return couldInvite(await standingOf(db, invitation.organization_id, invitation.invited_by), role);
}

function missingToHandOut(
  { isAdmin, permissions }: Pick<Principal, 'isAdmin' | 'permissions'>,
  role: Pick<RoleRow, 'permissions'>,
): string[] {
  if (isAdmin) return [];
  const held = new Set(permissions);
  // "*" of a role that is not Admin stands for every permission, but only administrators give it on.
  return role.permissions.filter(
    permission => permission === '*' || !(held.has(permission) || held.has('*')),
  );
}
