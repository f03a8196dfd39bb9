import { invitationRevoked } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { close } from './invitation-store.ts';

/** Somebody becomes a member in place of an invitation that was on its way. */
export async function withdrawInvitationOf(
  { db, emit }: Work,
  organizationId: number,
  email: string,
  by: number | null,
): Promise<void> {
  const pending: number[] = await db('invitations')
    .where({ organization_id: organizationId, email, status: 'pending' })
    .pluck('id');
  for (const id of pending) {
    await close(db, id, 'revoked', by);
    const data = { invitation_id: id, organization_id: organizationId, reason: 'user_created' };
    await emit(invitationRevoked, { aggregateId: id, organizationId, data });
  }
}
