import { invitationExpired } from '@rivergate/events';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools, Work } from '../endpoint.ts';
import { lockAnyOrganization } from '../organizations/organization-store.ts';
import { scheduledWork } from '../people/consumer-work.ts';
import { workOffDue } from '../people/due-rows.ts';
import { closeLapsed, lapsedInvitations } from './invitation-store.ts';

/**
 * Notes that invitations have lapsed. Nobody can accept them from their moment on, whenever this runs: it tells who follows
 * events, and keeps those few that a count of pending ones has to look at.
 */
export const expireInvitations: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'expire invitations',
  every: 60,
  run: ({ knex }) => workOffDue(knex, lapsedInvitations, expire),
};

async function expire(
  db: Knex.Transaction,
  { organization_id, email }: { organization_id: number; email: string },
): Promise<void> {
  // Before the invitation itself, as everybody does who changes one.
  await lockAnyOrganization(db, organization_id);
  await noteLapsed(scheduledWork(db), organization_id, email);
}

/** Ends what has lapsed, so that the address can be invited again. The caller holds the organization's lock. */
export async function noteLapsed({ db, emit }: Work, organizationId: number, email: string): Promise<void> {
  for (const id of await closeLapsed(db, organizationId, email)) {
    const data = { invitation_id: id, organization_id: organizationId };
    await emit(invitationExpired, { aggregateId: id, organizationId, data });
  }
}
