import { OrganizationNotFound } from '@rivergate/endpoint';
import { endpoint } from '../endpoint.ts';
import { roleListing } from './list-organization-roles.ts';
import { rolePage } from './role-store.ts';

export const listRoles = endpoint(
  {
    operation: 'listRoles',
    method: 'get',
    path: '/roles',
    summary: 'List the roles of the active organization',
    caller: 'user',
    ...roleListing,
    message: 'Roles listed successfully',
    messageInData: true,
    errors: [OrganizationNotFound],
  },
  async ({ query, caller, db }) => {
    if (caller.organizationId === null) throw OrganizationNotFound('No organization is active');
    const { roles, total } = await rolePage(db, caller.organizationId, query);
    return { roles, total_count: total };
  },
);
