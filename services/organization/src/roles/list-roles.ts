import { endpoint } from '../endpoint.ts';
import { roles } from './list-organization-roles.ts';
import { matchingRoles, rolesInOrder } from './role-store.ts';

export const listRoles = endpoint(
  {
    operation: 'listRoles',
    method: 'get',
    path: '/roles',
    summary: 'List the roles of the active organization',
    caller: 'user',
    activeOrganization: true,
    query: roles.query,
    answer: roles.answer,
    message: 'Roles listed successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) =>
    await roles.page(matchingRoles(db, caller.organizationId, query), query, {
      read: rolesInOrder(db, query),
    }),
);
