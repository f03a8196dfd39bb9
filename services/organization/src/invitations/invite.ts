import type { Principal } from '@rivergate/caller';
import { Forbidden, RateLimited } from '@rivergate/endpoint';
import type { Work } from '../endpoint.ts';
import { AlreadyMember } from '../members/errors.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { roleOfOrganization } from '../roles/role-store.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { InvitationAlreadyExists } from './errors.ts';
import { seatsTaken } from './invitation-store.ts';
import { type MailTools, prepareInvitation, sendInvitation } from './issue-invitation.ts';

/** What inviting one address may be refused with, whether it comes alone or among many. */
export const INVITING = [
  Forbidden,
  WorkspaceNotFound,
  RoleNotFound,
  AlreadyMember,
  InvitationAlreadyExists,
  PlanLimitExceeded,
  RateLimited,
] as const;

/**
 * Invites one address. The caller of this holds the organization's lock.
 *
 * @returns the token, which is nowhere else
 * @throws what INVITING lists
 */
export async function invite(
  work: Work,
  organization: OrganizationRow,
  caller: Principal & { userId: number },
  wanted: { email: string; workspace_id: number; role_id: number; message: string | null },
  tools: MailTools & { plans: Plans },
): Promise<{ id: number; token: string; expiresAt: Date }> {
  const { db } = work;
  const { email, message } = wanted;
  const workspace = await workspaceOfOrganization(db, organization.id, wanted.workspace_id);
  const role = await roleOfOrganization(db, organization.id, wanted.role_id);
  mayHandOut(caller, role);
  if (await isMemberAddress(db, organization.id, email)) throw AlreadyMember();

  const invitedBy = caller.userId;
  const invitation = { email, workspace, role, message, invitedBy, bySystemAdmin: caller.isSystemAdmin };
  const id = await prepareInvitation(work, organization, invitation);
  if (id === undefined) throw InvitationAlreadyExists();
  if ((await seatsTaken(db, organization.id)) > tools.plans.seats(organization.plan))
    throw PlanLimitExceeded();
  return { id, ...(await sendInvitation(work, organization, id, invitation, tools)) };
}
