import { acrossOrganizations, organizationList, Timestamp } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { Organization } from '../organizations/organization.ts';
import { restorableBy } from './deletion-store.ts';

const DeletedOrganization = Organization.extend({
  deleted_at: Timestamp,
  erase_at: Timestamp.meta({ description: 'Until when it can be restored' }),
}).meta({ id: 'DeletedOrganization' });

const organizations = organizationList('organizations', DeletedOrganization);

export const listDeletedOrganizations = endpoint(
  {
    operation: 'listDeletedOrganizations',
    method: 'get',
    path: '/organizations/deleted',
    summary: 'List the deleted organizations that the caller can restore',
    caller: 'user',
    session: true,
    query: organizations.query,
    answer: organizations.answer,
    message: 'Deleted organizations retrieved successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    return await organizations.page(restorableBy(db, caller.userId), query, {
      read: mine =>
        mine
          .select('o.id', 'o.name', 'o.domain', 'o.plan', 'o.created_at', 'o.deleted_at', 'o.erase_at')
          .orderByRaw('o.erase_at, o.id'),
    });
  },
);
