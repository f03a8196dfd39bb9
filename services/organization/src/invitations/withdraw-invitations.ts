import { Id } from '@rivergate/endpoint';
import { invitationRevoked } from '@rivergate/events';
import { z } from 'zod';
import { standingOf } from '../access/standing.ts';
import type { Work } from '../endpoint.ts';
import { couldInvite } from './hand-out.ts';
import { close, pendingInvitationsOf } from './invitation-store.ts';

/** An invitation that went with the right of its sender, as the answer to the change of rights names it. */
export const WithdrawnInvitation = z
  .object({ id: Id, email: z.string() })
  .meta({ id: 'WithdrawnInvitation' });
export type WithdrawnInvitation = z.output<typeof WithdrawnInvitation>;

/**
 * Revokes the pending invitations of a member who could not send them any more. Follows each removal, suspension and
 * demotion in its transaction; the caller holds the organization's lock, for which an acceptance waits.
 */
export async function withdrawInvitations(
  { db, emit }: Work,
  organizationId: number,
  userId: number,
): Promise<WithdrawnInvitation[]> {
  const pending = await pendingInvitationsOf(db, organizationId, userId);
  if (pending.length === 0) return [];
  const standing = await standingOf(db, organizationId, userId);
  const lost = pending.filter(invitation => !couldInvite(standing, invitation));
  for (const { id } of lost) {
    await close(db, id, 'revoked', null);
    const data = { invitation_id: id, organization_id: organizationId, reason: 'inviter_lost_right' };
    await emit(invitationRevoked, { aggregateId: id, organizationId, data });
  }
  return lost.map(({ id, email }) => ({ id, email }));
}

/** The same for all who hold a role that lost permissions: of those only who has pending invitations is looked at. */
export async function withdrawInvitationsOfHolders(
  work: Work,
  organizationId: number,
  roleId: number,
): Promise<void> {
  const inviters: number[] = await work
    .db('invitations as i')
    .join('role_assignments as a', { 'a.organization_id': 'i.organization_id', 'a.user_id': 'i.invited_by' })
    .where({ 'i.organization_id': organizationId, 'i.status': 'pending', 'a.role_id': roleId })
    .distinct()
    .pluck('i.invited_by');
  for (const userId of inviters) await withdrawInvitations(work, organizationId, userId);
}
