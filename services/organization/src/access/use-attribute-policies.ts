import { useAttributePolicies as declaration } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';

/** What changes for requests is told by the event of the policy that sso makes after this. */
export const useAttributePolicies = endpoint(declaration, async ({ params: { organization_id: id }, db }) => {
  const { attribute_policies } = await enterOrganization(db, id);
  if (!attribute_policies) await db('organizations').where({ id }).update({ attribute_policies: true });
  return {};
});
