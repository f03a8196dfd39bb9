import { memberAdded } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { requireAccount } from '../people/people-store.ts';
import { assignRole } from '../roles/assign-role.ts';
import { addWorkspaceMember } from '../workspaces/add-workspace-member.ts';
import { requireAllowedUser } from './allowed-domains.ts';

export type MembershipSource = 'signup' | 'invitation' | 'admin' | 'sso' | 'scim';

export interface NewMember {
  organizationId: number;
  userId: number;
  /** Given organization-wide and in the workspace. */
  role: { id: number; isAdmin: boolean };
  workspaceId: number;
  source: MembershipSource;
  /** Shown in the organization in place of the user's own; null: the user's own. */
  displayName?: string | null;
  /** Who let the member in; null: an identity provider or a SCIM client. */
  by: number | null;
}

/**
 * Makes a user a member of an organization and of one of its workspaces, with the same role in both: the one way in. Who
 * had asked to join has no more to ask for.
 *
 * @throws Unauthorized for a user who is being erased, EmailDomainNotAllowed
 */
export async function addMember(work: Work, member: NewMember): Promise<void> {
  const { organizationId, userId, role, workspaceId, source, displayName = null, by } = member;
  await requireAccount(work.db, userId);
  await requireAllowedUser(work.db, organizationId, userId);
  await work.db('memberships').insert({
    organization_id: organizationId,
    user_id: userId,
    is_admin: role.isAdmin,
    source,
    display_name: displayName,
  });
  await work.db('join_requests').where({ organization_id: organizationId, user_id: userId }).delete();
  const data = {
    organization_id: organizationId,
    user_id: userId,
    role_id: role.id,
    is_admin: role.isAdmin,
    source,
    display_name: displayName,
    is_personal: await isPersonal(work.db, organizationId),
  };
  await work.emit(memberAdded, { aggregateId: userId, organizationId, data });
  await assignRole(work, { organizationId, userId, roleId: role.id, workspaceId: null }, by);
  await addWorkspaceMember(work, { organizationId, workspaceId, userId, roleId: role.id, by });
}

async function isPersonal(db: Work['db'], organizationId: number): Promise<boolean> {
  const { personal_user_id } = await db('organizations')
    .where({ id: organizationId })
    .first('personal_user_id');
  return personal_user_id !== null;
}
