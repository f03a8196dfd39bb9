import { consumer, on, userRemoved } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { endMembership } from '../members/end-membership.ts';
import { consumerWork } from '../people/consumer-work.ts';
import { isVerified } from '../people/people-store.ts';
import { eraseOrganization, lockAnyOrganization } from './organization-store.ts';
import { refuseOrganization } from './provisional-administrators.ts';

/**
 * An account that never verified its address ends, and with it the organization that it created: anybody could have
 * named that address. An organization in which a verified person is active goes on without the account.
 */
export const endUnverified = consumer({
  name: 'unverified-administrators',
  on: [
    on(userRemoved, async ({ data: { user_id: userId, reason } }, tools) => {
      const { db } = tools;
      // One that is being created with the account either fails by this or is seen below.
      await refuseOrganization(db, userId);
      if (await isVerified(db, userId)) return;
      const organizationIds: number[] = await db('memberships')
        .where({ user_id: userId })
        .orderBy('organization_id')
        .pluck('organization_id');
      for (const organizationId of organizationIds)
        await leave(consumerWork(tools), organizationId, userId, reason);
    }),
  ],
});

async function leave(work: Work, organizationId: number, userId: number, reason: string): Promise<void> {
  const { db } = work;
  const organization = await lockAnyOrganization(db, organizationId);
  const ends = organization.created_by === userId && !(await hasVerifiedMember(db, organizationId, userId));
  const leaving: number[] = ends
    ? await db('memberships').where({ organization_id: organizationId }).pluck('user_id')
    : [userId];
  for (const member of leaving) await endMembership(work, organizationId, member);
  if (ends) await eraseOrganization(work, organization, reason);
}

async function hasVerifiedMember(
  db: Knex.Transaction,
  organizationId: number,
  besides: number,
): Promise<boolean> {
  const member = await db('memberships as m')
    .join('people as p', 'p.user_id', 'm.user_id')
    .where({ 'm.organization_id': organizationId, 'm.status': 'active' })
    .whereNot('m.user_id', besides)
    .whereRaw("p.verified_emails <> '{}'")
    .first('m.user_id');
  return member !== undefined;
}
