import { provisionMember as spec, UserNotFound, vouchForAccount } from '@rivergate/contracts';
import { reply } from '@rivergate/endpoint';
import { accountVouched } from '@rivergate/events';
import type { Knex } from 'knex';
import { endpoint, type Work } from '../endpoint.ts';
import { withdrawInvitationOf } from '../invitations/withdraw-invitation-of.ts';
import { addMember } from '../members/add-member.ts';
import { changeStatus } from '../members/change-status.ts';
import { findMembership, memberOf } from '../members/member-store.ts';
import { keepRegistered } from '../organizations/administrator.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { takeBack } from '../organizations/provisional-administrators.ts';
import { introduce, personOf } from '../people/people-store.ts';
import { builtInRole, isAdminRole, roleOfOrganization } from '../roles/role-store.ts';
import { defaultWorkspace } from '../workspaces/workspace-store.ts';
import { provisionable } from './managing.ts';
import { findWhom, requireRoom, type Whom } from './whom.ts';

/** Asked by sso; each of ten that bring the same person at once finds the one account and membership. */
export const provisionMember = endpoint(spec, {
  async prepare({ params, body, ...tools }) {
    const { email, display_name: displayName, source, user_id: userId, role_id: roleId } = body;
    return await findWhom(tools, {
      organizationId: params.organization_id,
      email,
      displayName,
      source,
      userId,
      roleId,
    });
  },
  async undo({ prepared, knex, call }) {
    if (prepared.registered) await takeBack(knex, call, prepared.registered.userId);
  },
  async handle({ params, body, prepared, db, emit, call, plans }) {
    const { organization_id: organizationId } = params;
    provisionable(await lockOrganization(db, organizationId));
    const userId = await keep(db, prepared);
    const isNew = !(await findMembership(db, organizationId, userId));
    if (isNew) {
      await requireRoom(db, organizationId, body.email, plans);
      await join({ db, emit }, organizationId, userId, body, prepared);
    }
    // Also for who is a member already and was not vouched for to the end.
    const vouches = prepared.vouched && (isNew || prepared.account?.verified === false);
    if (vouches) {
      const data = { organization_id: organizationId, user_id: userId };
      await emit(accountVouched, { aggregateId: userId, organizationId, data });
    }
    const answer = {
      ...(await shownMember(db, organizationId, userId)),
      managed: prepared.managed,
      made: prepared.registered
        ? ('account' as const)
        : isNew
          ? ('membership' as const)
          : ('nothing' as const),
    };
    if (!vouches) return answer;
    return reply(answer, {
      // The event does it too; so the person can sign in with the answer.
      async finish() {
        await call(vouchForAccount, { params: { organization_id: organizationId, user_id: userId } });
        return answer;
      },
    });
  },
});

/** @throws UserNotFound for who is being erased, EmailTaken */
async function keep(db: Knex.Transaction, { registered, account }: Whom): Promise<number> {
  if (registered) return (await keepRegistered(db, registered)).userId;
  const { user_id: userId, email, display_name: displayName, verified } = account;
  if ((await personOf(db, userId))?.status === 'erased') throw UserNotFound();
  await introduce(db, { userId, email, displayName, verified });
  return userId;
}

interface Wanted {
  email: string;
  display_name: string | null;
  source: 'sso' | 'scim';
  role_id: number | null;
  active: boolean;
}

async function join(
  work: Work,
  organizationId: number,
  userId: number,
  { email, display_name, source, role_id, active }: Wanted,
  { account, managed }: Whom,
): Promise<void> {
  const { db } = work;
  const role =
    role_id === null
      ? await builtInRole(db, organizationId, 'Viewer')
      : await roleOfOrganization(db, organizationId, role_id);
  await withdrawInvitationOf(work, organizationId, email, null);
  const { id: workspaceId } = await defaultWorkspace(db, organizationId);
  await addMember(work, {
    organizationId,
    userId,
    role: { id: role.id, isAdmin: isAdminRole(role) },
    workspaceId,
    source,
    // An account that is the user's own keeps its name.
    displayName: account && !managed ? display_name : null,
    by: null,
  });
  if (active) return;
  const membership = (await findMembership(db, organizationId, userId))!;
  await changeStatus(work, organizationId, membership, { status: 'suspended' });
}

/** A member as sso is told of one. */
export async function shownMember(db: Knex.Transaction, organizationId: number, userId: number) {
  const { email, display_name, status } = await memberOf(db, organizationId, userId);
  return {
    user_id: userId,
    email: email ?? '',
    display_name: display_name ?? '',
    active: status === 'active',
  };
}
