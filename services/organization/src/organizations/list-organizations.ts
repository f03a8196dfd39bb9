import { boundTo } from '@rivergate/caller';
import { acrossOrganizations, organizationList } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { OwnOrganization } from './organization.ts';
import { organizationsOfUser } from './organization-store.ts';

const organizations = organizationList('organizations', OwnOrganization);

export const listOrganizations = endpoint(
  {
    operation: 'listOrganizations',
    method: 'get',
    path: '/organizations',
    summary: "List the caller's organizations",
    description: 'Those with an active membership, the personal one included, in order of name.',
    caller: 'user',
    anyNetwork: true,
    boundSessions: true,
    query: organizations.query,
    answer: organizations.answer,
    message: 'Organizations retrieved successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    const own = organizationsOfUser(db, caller.userId);
    const only = boundTo(caller);
    if (only !== null) own.where('o.id', only);
    return await organizations.page(own, query, {
      read: mine =>
        mine
          .select('o.id', 'o.name', 'o.domain', 'o.plan', 'm.is_admin', 'o.created_at')
          .orderByRaw('lower(o.name), o.id'),
    });
  },
);
