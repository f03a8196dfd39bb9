import { organizationName } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';

export const getOrganizationName = endpoint(organizationName, async ({ params, db }) => {
  const { name } = await enterOrganization(db, params.organization_id);
  return { name };
});
