import { changesOf, memberStatusChanged } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { keepAnAdministrator } from './last-administrator.ts';
import type { MembershipRow } from './member-store.ts';

/**
 * Suspends a membership, or restores it; the status that it has already changes nothing. The event ends the sessions in the
 * organization. The caller holds the organization's lock.
 *
 * @param reason goes into the event and the audit log
 * @throws LastAdministrator
 */
export async function changeStatus(
  work: Work,
  organizationId: number,
  membership: MembershipRow,
  { status, reason }: { status: 'active' | 'suspended'; reason?: string | undefined },
): Promise<void> {
  if (membership.status === status) return;
  const { db, emit } = work;
  const userId = membership.user_id;
  if (status === 'suspended') await keepAnAdministrator(db, organizationId, membership);
  await db('memberships')
    .where({ organization_id: organizationId, user_id: userId })
    .update({ status, status_updated_at: db.fn.now(), updated_at: db.fn.now() });
  const changes = changesOf<{ status: string }>(membership, { status });
  const data = { organization_id: organizationId, user_id: userId, status, reason, changes };
  await emit(memberStatusChanged, { aggregateId: userId, organizationId, data });
  if (status === 'suspended') await withdrawInvitations(work, organizationId, userId);
}
