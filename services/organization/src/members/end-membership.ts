import { memberRemoved } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { type WithdrawnInvitation, withdrawInvitations } from '../invitations/withdraw-invitations.ts';

/**
 * Ends a membership with its roles, its workspaces and the invitations that it sent; who was a member once comes back by
 * an invitation only. The caller holds the organization's lock.
 *
 * @returns the invitations that were withdrawn
 */
export async function endMembership(
  work: Work,
  organizationId: number,
  userId: number,
): Promise<WithdrawnInvitation[]> {
  const [ended] = await work
    .db('memberships')
    .where({ organization_id: organizationId, user_id: userId })
    .delete()
    .returning('source');
  await work
    .db('former_members')
    .insert({ organization_id: organizationId, user_id: userId, source: ended?.source })
    .onConflict(['organization_id', 'user_id'])
    .merge({ ended_at: work.db.fn.now(), source: ended?.source });
  const data = { organization_id: organizationId, user_id: userId };
  await work.emit(memberRemoved, { aggregateId: userId, organizationId, data });
  return await withdrawInvitations(work, organizationId, userId);
}
