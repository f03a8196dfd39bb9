import { Id } from '@rivergate/endpoint';
import { memberMerged } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { endMembership } from '../members/end-membership.ts';
import { LastAdministrator, UserNotFound } from '../members/errors.ts';
import { keepAnAdministrator } from '../members/last-administrator.ts';
import { memberOf, workspacesOfMember } from '../members/member-store.ts';
import { isVerified } from '../people/people-store.ts';
import { shownUser, UserInFull, type UserRow, userColumns } from '../users/user.ts';
import { userToChange } from '../users/user-to-change.ts';
import { CannotMerge, MergeNotProven } from './errors.ts';
import { useProof } from './merge-proof-store.ts';
import { isMerged, noteMerged } from './merged-user-store.ts';
import { moveMembership } from './move-membership.ts';

export const mergeUser = endpoint(
  {
    operation: 'mergeUser',
    method: 'post',
    path: '/users/:user_id/merge',
    summary: 'Merge a duplicate account into this one, history kept',
    description:
      'The workspaces, roles, pending invitations and history of the duplicate in this organization are those of the user ' +
      'from then on, and its membership ends. The account behind it, its credentials and tokens, and what it is in other ' +
      'organizations stay as they are, and belong to whom they did. That both are the same person has to be shown by ' +
      'POST /users/merge-codes, but for a duplicate that nobody ever verified. Nothing is handed out that the caller could ' +
      'not. The same again changes nothing.',
    caller: 'perm:user.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ user_id: Id }),
    body: z.object({ duplicate_user_id: Id.meta({ description: 'The user who goes' }) }),
    answer: z.object({ user: UserInFull, merged_user_id: Id }),
    message: 'Users merged successfully',
    errors: [UserNotFound, CannotMerge, MergeNotProven, LastAdministrator],
  },
  async ({ params: { user_id: userId }, body, caller, db, emit }) => {
    const { organizationId } = caller;
    const work = { db, emit };
    const pair = { duplicate: body.duplicate_user_id, userId };
    // Before anything is said of them: who they are in another organization is not told.
    const into = await userToChange(db, caller, userId, 'user.write');
    if (pair.duplicate === userId) throw CannotMerge('A user cannot be merged into themself');
    const own = [caller.userId, caller.impersonator?.userId];
    if (own.includes(userId) || own.includes(pair.duplicate))
      throw CannotMerge('Another administrator has to merge your own account');

    if (!(await isMerged(db, organizationId, pair))) {
      const { membership: leaving } = await userToChange(db, caller, pair.duplicate, 'user.write');
      if (into.membership.status !== 'active' || leaving.status !== 'active')
        throw CannotMerge('A user who is suspended cannot be merged: reactivate them first');
      await requireSamePerson(db, organizationId, pair);
      await moveMembership(work, into.caller, pair);
      await keepAnAdministrator(db, organizationId, leaving);
      await noteMerged(db, organizationId, pair);
      const data = { organization_id: organizationId, user_id: userId, merged_user_id: pair.duplicate };
      await emit(memberMerged, { aggregateId: userId, organizationId, data });
      await endMembership(work, organizationId, pair.duplicate);
      await withdrawInvitations(work, organizationId, userId);
    }
    const user = await memberOf<UserRow>(db, organizationId, userId, userColumns(db));
    const workspaces = await workspacesOfMember(db, organizationId, userId);
    return { user: { ...shownUser(user), workspaces }, merged_user_id: pair.duplicate };
  },
);

/**
 * Without this, whoever may change users could give what somebody has to somebody else, in the name of both.
 *
 * @throws MergeNotProven, CannotMerge
 */
async function requireSamePerson(
  db: Knex.Transaction,
  organizationId: number,
  pair: { duplicate: number; userId: number },
): Promise<void> {
  if (!(await isVerified(db, pair.userId)))
    throw CannotMerge('Nobody has proved yet to own the account that is to stay');
  // Nobody has ever been behind it.
  if (!(await isVerified(db, pair.duplicate))) return;
  if (!(await useProof(db, organizationId, pair))) throw MergeNotProven();
}
