import { Id, organizationList, sorting } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RoleNotFound } from './errors.ts';
import { Assignment } from './role.ts';
import { ASSIGNMENT_COLUMNS } from './role-assignments.ts';
import { roleOfOrganization } from './role-store.ts';

const holders = organizationList(
  'users',
  Assignment.extend({
    email: z
      .string()
      .nullable()
      .meta({ examples: ['ada@example.com'] }),
    display_name: z
      .string()
      .nullable()
      .meta({ examples: ['Ada'] }),
    workspace_name: z
      .string()
      .nullable()
      .meta({ description: 'Null: organization-wide', examples: ['Main Workspace'] }),
  }).meta({ id: 'RoleHolder' }),
  {
    workspace_id: Id.optional().meta({ description: 'Who holds it in this workspace' }),
    ...sorting(['assigned_at', 'email', 'expires_at']),
  },
);
const ORDER = { assigned_at: 'a.assigned_at', email: 'p.email', expires_at: 'a.expires_at' };

export const listRoleHolders = endpoint(
  {
    operation: 'listRoleHolders',
    method: 'get',
    path: '/roles/:role_id/users',
    summary: 'Who holds a role, and where',
    description: 'A user who holds it in several places stands there once for each.',
    caller: 'user',
    activeOrganization: true,
    clients: true,
    params: z.object({ role_id: Id }),
    query: holders.query,
    answer: holders.answer,
    message: 'Role users retrieved successfully',
    messageInData: true,
    errors: [RoleNotFound],
  },
  async ({ params, query, caller, db }) => {
    const { id } = await roleOfOrganization(db, caller.organizationId, params.role_id);
    const found = db('held_roles as a')
      .leftJoin('members as p', { 'p.organization_id': 'a.organization_id', 'p.user_id': 'a.user_id' })
      .leftJoin('workspaces as w', 'w.id', 'a.workspace_id')
      .where({ 'a.organization_id': caller.organizationId, 'a.role_id': id });
    if (query.workspace_id !== undefined) found.where('a.workspace_id', query.workspace_id);
    return holders.page(found, query, {
      read: matching =>
        matching
          .select(ASSIGNMENT_COLUMNS.map(column => `a.${column}`))
          .select('p.email', 'p.display_name', 'w.name as workspace_name')
          .orderBy([
            { column: ORDER[query.sort_by], order: query.sort_order, nulls: 'last' },
            { column: 'a.id', order: query.sort_order },
          ]),
    });
  },
);
