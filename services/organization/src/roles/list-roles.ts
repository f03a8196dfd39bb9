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
    activeOrganization: true,
    ...roleListing,
    message: 'Roles listed successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    const { roles, total } = await rolePage(db, caller.organizationId, query);
    return { roles, total_count: total };
  },
);
