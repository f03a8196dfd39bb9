import { holds } from '@rivergate/caller';
import type { Knex } from 'knex';
import { type Standing, standingOf } from '../access/standing.ts';
import { personOf } from '../people/people-store.ts';
import { missingToHandOut } from '../roles/hand-out.ts';
import type { RoleRow } from '../roles/role-store.ts';
import type { InvitationRow } from './invitation-store.ts';

/** Whether a member of this standing could send an invitation to the role now, or an import of users that does so. */
export function couldInvite(standing: Standing, role: Pick<RoleRow, 'permissions'>): boolean {
  const held = { ...standing, isSystemAdmin: false };
  return (
    standing.member &&
    (holds(held, 'member.invite') || holds(held, 'user.write')) &&
    missingToHandOut(standing, role.permissions).length === 0
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
