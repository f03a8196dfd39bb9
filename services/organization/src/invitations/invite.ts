import type { Principal } from '@rivergate/caller';
import { Forbidden, RateLimited } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { AlreadyMember, EmailDomainNotAllowed } from '../members/errors.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { type RoleRow, roleOfOrganization } from '../roles/role-store.ts';
import type { WorkspaceRow } from '../workspaces/create-workspace-row.ts';
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
  EmailDomainNotAllowed,
  AlreadyMember,
  InvitationAlreadyExists,
  PlanLimitExceeded,
  RateLimited,
] as const;

export interface Wanted {
  email: string;
  workspace_id: number;
  role_id: number;
  message: string | null;
  /** What the organization will show the member as, in place of the user's own name. */
  display_name?: string | null;
}

/**
 * Holds an invitation against what is known before it is written. The caller of this holds the organization's lock.
 *
 * @throws Forbidden, WorkspaceNotFound, RoleNotFound, EmailDomainNotAllowed, AlreadyMember
 */
export async function requireInvitable(
  db: Knex.Transaction,
  { id: organizationId, settings }: Pick<OrganizationRow, 'id' | 'settings'>,
  caller: Principal,
  { email, workspace_id, role_id }: Wanted,
): Promise<{ workspace: WorkspaceRow; role: RoleRow }> {
  const workspace = await workspaceOfOrganization(db, organizationId, workspace_id);
  const role = await roleOfOrganization(db, organizationId, role_id);
  mayHandOut(caller, role);
  requireAllowedAddress(settings, email);
  if (await isMemberAddress(db, organizationId, email)) throw AlreadyMember();
  return { workspace, role };
}

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
  wanted: Wanted,
  tools: MailTools & { plans: Plans },
): Promise<{ id: number; token: string; expiresAt: Date }> {
  const { db } = work;
  const { email, message, display_name: displayName = null } = wanted;
  const { workspace, role } = await requireInvitable(db, organization, caller, wanted);
  const invitedBy = caller.userId;
  const bySystemAdmin = caller.isSystemAdmin;
  const invitation = { email, displayName, workspace, role, message, invitedBy, bySystemAdmin };
  const id = await prepareInvitation(work, organization, invitation);
  if (id === undefined) throw InvitationAlreadyExists();
  if ((await seatsTaken(db, organization.id)) > tools.plans.seats(organization.plan))
    throw PlanLimitExceeded();
  return { id, ...(await sendInvitation(work, organization, id, invitation, tools)) };
}
