import { BreakGlassRequired, setSsoRequirement as spec } from '@rivergate/contracts';
import { Forbidden } from '@rivergate/endpoint';
import { ssoRequirementChanged } from '@rivergate/events';
import { endpoint } from '../endpoint.ts';
import { administersForGood } from '../members/last-administrator.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { keepSsoRequirement } from './sso-requirement-store.ts';

/** Asked by sso, which knows whether the organization has a provider that works, when an administrator decides it. */
export const setSsoRequirement = endpoint(spec, async ({ params, body, caller, db, emit }) => {
  const { id } = await lockOrganization(db, params.org_id);
  if (!caller.isAdmin && !caller.isSystemAdmin) throw Forbidden();
  const { requirement } = body;
  for (const userId of requirement?.break_glass_user_ids ?? [])
    if (!(await administersForGood(db, id, userId))) throw BreakGlassRequired();
  const revision = await keepSsoRequirement(db, id, requirement);
  const { break_glass_user_ids = [], exempt_user_ids = [], login_url = null } = requirement ?? {};
  await emit(ssoRequirementChanged, {
    aggregateId: id,
    organizationId: id,
    data: {
      organization_id: id,
      revision,
      required: requirement !== null,
      break_glass_user_ids,
      exempt_user_ids,
      login_url,
    },
  });
  return { revision };
});
