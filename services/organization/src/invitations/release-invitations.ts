import { Failure, RateLimited, withinOrganization } from '@rivergate/endpoint';
import { consumer, invitationRevoked, on, userVerified } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { enterOrganization, lockOrganization } from '../organizations/organization-store.ts';
import { consumerWork } from '../people/consumer-work.ts';
import { introduce } from '../people/people-store.ts';
import { close, findById } from './invitation-store.ts';
import { type MailTools, sendInvitation } from './issue-invitation.ts';

/** Mails the invitations of organizations whose administrator has now verified the address. */
export function releaseInvitations(mailTools: MailTools) {
  return consumer({
    name: 'waiting-invitations',
    on: [
      on(userVerified, async ({ data }, tools) => {
        const { user_id: userId, email, display_name: displayName } = data;
        // Takes the user's lock: an organization that is just being created either is seen here or sees this.
        await introduce(tools.db, { userId, email, displayName, verified: true });
        const waiting = await waitingInvitationsOf(tools.db, userId);
        // All locks before the first mail is counted: who holds a count waits for no organization.
        for (const organizationId of new Set(waiting.map(({ organization_id }) => organization_id)))
          await lockOrganization(tools.db, organizationId);
        for (const { id, organization_id } of waiting)
          await release(consumerWork(tools), organization_id, id, mailTools);
      }),
    ],
  });
}

async function waitingInvitationsOf(
  db: Knex.Transaction,
  userId: number,
): Promise<{ id: number; organization_id: number }[]> {
  return await db('invitations')
    .where({ invited_by: userId, status: 'pending' })
    .whereNull('sent_at')
    .orderBy(['email', 'organization_id'])
    .select('id', 'organization_id');
}

/** One that is over a limit of mails is not sent, and says so: waiting for its turn could take for ever. */
async function release(work: Work, organizationId: number, id: number, mailTools: MailTools): Promise<void> {
  const { db, emit } = work;
  const organization = await enterOrganization(db, organizationId);
  const row = await findById(db, id);
  if (row?.status !== 'pending' || !row.workspace_id || !row.role_id) return;
  const invitation = {
    email: row.email,
    workspace: { id: row.workspace_id, name: row.workspace_name ?? '' },
    role: { id: row.role_id, name: row.role_name ?? '' },
    message: row.message,
    invitedBy: row.invited_by,
  };
  try {
    await sendInvitation(work, organization, id, invitation, mailTools);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== RateLimited.code) throw cause;
    await withinOrganization(db, organizationId);
    await close(db, id, 'revoked', null);
    const data = { invitation_id: id, organization_id: organizationId, reason: 'mail_limit' };
    await emit(invitationRevoked, { aggregateId: id, organizationId, data });
  }
}
