import { BreakGlassRequired, setSsoRequirement as spec } from '@rivergate/contracts';
import { Forbidden } from '@rivergate/endpoint';
import { changesOf, ssoRequirementChanged } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { administersForGood } from '../members/last-administrator.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { keepSsoRequirement, type SsoRequirement, ssoRequirementOf } from './sso-requirement-store.ts';

/** Asked by sso, which knows whether the organization has a provider that works, when an administrator decides it. */
export const setSsoRequirement = endpoint(spec, async ({ params, body, caller, db, emit }) => {
  const { id } = await lockOrganization(db, params.org_id);
  if (!caller.isAdmin && !caller.isSystemAdmin) throw Forbidden();
  const { requirement } = body;
  for (const userId of requirement?.break_glass_user_ids ?? [])
    if (!(await administersForGood(db, id, userId))) throw BreakGlassRequired();
  const before = told(await ssoRequirementOf(db, id));
  const revision = await keepSsoRequirement(db, id, requirement);
  const after = told(requirement);
  await emit(ssoRequirementChanged, {
    aggregateId: id,
    organizationId: id,
    data: { organization_id: id, revision, ...after, changes: changesOf(before, after) },
  });
  return { revision };
});

const told = (requirement: SsoRequirement | null) => ({
  required: requirement !== null,
  break_glass_user_ids: requirement?.break_glass_user_ids ?? [],
  exempt_user_ids: requirement?.exempt_user_ids ?? [],
  login_url: requirement?.login_url ?? null,
});
