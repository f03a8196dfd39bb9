import { Id, organizationList, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Role } from './role.ts';
import { matchingRoles, rolesInOrder } from './role-store.ts';

export const roles = organizationList('roles', Role, {
  search: z.string().max(100).optional().meta({ description: 'Part of the name' }),
  ...sorting(['name', 'created_at', 'usage_count']),
});

export const listOrganizationRoles = endpoint(
  {
    operation: 'listOrganizationRoles',
    method: 'get',
    path: '/organizations/:org_id/roles',
    summary: 'List the roles of an organization',
    caller: 'user',
    clients: true,
    params: z.object({ org_id: Id }),
    query: roles.query,
    answer: roles.answer,
    message: 'Roles listed successfully',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    return await roles.page(matchingRoles(db, params.org_id, query), query, {
      read: rolesInOrder(db, query),
    });
  },
);
