import { joinedByDomain } from '@rivergate/events';
import type { Work } from '../endpoint.ts';
import { addMember } from '../members/add-member.ts';
import { membersOf } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import type { OrganizationRow } from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { builtInRole, findRole, isAdministrative } from '../roles/role-store.ts';
import { effectiveSettings } from '../settings/settings.ts';
import { defaultWorkspace } from '../workspaces/workspace-store.ts';

interface Admission {
  userId: number;
  /** By which they belong to the organization. */
  domain: { id: number; domain: string };
  by: number;
  plans: Plans;
}

/**
 * Makes a member of who joins by a domain, in the role that the organization has set for them. The caller holds the
 * organization's lock.
 *
 * @throws PlanLimitExceeded, EmailDomainNotAllowed
 */
export async function admit(
  work: Work,
  organization: OrganizationRow,
  { userId, domain, by, plans }: Admission,
): Promise<{ role: { id: number; name: string } }> {
  const { db, emit } = work;
  const { id: organizationId, plan, settings } = organization;
  if ((await membersOf(db, organizationId)) >= plans.seats(plan)) throw PlanLimitExceeded();
  const { join_role_id: roleId } = effectiveSettings(settings).domains;
  const set = roleId === null ? undefined : await findRole(db, organizationId, roleId);
  // A role that was deleted, or became an administrative one, is as one that was never set.
  const role = set && !isAdministrative(set) ? set : await builtInRole(db, organizationId, 'Viewer');
  const { id: workspaceId } = await defaultWorkspace(db, organizationId);
  await addMember(work, {
    organizationId,
    userId,
    role: { id: role.id, isAdmin: false },
    workspaceId,
    source: 'signup',
    by,
  });
  const data = {
    domain_id: domain.id,
    organization_id: organizationId,
    domain: domain.domain,
    user_id: userId,
  };
  await emit(joinedByDomain, { aggregateId: domain.id, organizationId, data });
  return { role: { id: role.id, name: role.name } };
}
