import { consumer, on, userVerified } from '@rivergate/events';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { consumerWork } from '../people/consumer-work.ts';
import { introduce } from '../people/people-store.ts';
import { findById } from './invitation-store.ts';
import { type Post, sendInvitation } from './issue-invitation.ts';

/** Mails the invitations of organizations whose administrator has now verified the address. */
export function releaseInvitations(post: Post) {
  return consumer({
    name: 'waiting-invitations',
    on: [
      on(userVerified, async ({ data }, tools) => {
        const { user_id: userId, email, display_name: displayName } = data;
        // Takes the user's lock: an organization that is just being created either is seen here or sees this.
        await introduce(tools.db, { userId, email, displayName, verified: true });
        const waiting = await waitingInvitationsOf(tools.db, userId);
        for (const { id, organization_id } of waiting)
          await release(consumerWork(tools), organization_id, id, post);
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
    .orderBy('organization_id')
    .orderBy('id')
    .select('id', 'organization_id');
}

async function release(work: Work, organizationId: number, id: number, post: Post): Promise<void> {
  const organization = await lockOrganization(work.db, organizationId);
  const row = await findById(work.db, id);
  if (row?.status !== 'pending' || !row.workspace_id || !row.role_id) return;
  await sendInvitation(
    work,
    organization,
    id,
    {
      email: row.email,
      workspace: { id: row.workspace_id, name: row.workspace_name ?? '' },
      role: { id: row.role_id, name: row.role_name ?? '' },
      message: row.message,
      invitedBy: row.invited_by,
    },
    post,
  );
}
