import { attributePolicies } from '@rivergate/contracts';
import { withinOrganization } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { decidingPolicies, policiesInOrder } from './policy-store.ts';

/** Asked by who decides about requests, every few minutes and after each change, where an organization has policies. */
export const getAttributePolicies = endpoint(attributePolicies, async ({ params, db }) => {
  await withinOrganization(db, params.organization_id);
  const policies = decidingPolicies(await policiesInOrder(db, params.organization_id));
  return { policies: policies.map(policy => ({ ...policy, condition: { ...policy.condition } })) };
});
