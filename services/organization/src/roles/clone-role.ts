import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { createRole } from './custom-roles.ts';
import { RoleAlreadyExists, RoleNotFound } from './errors.ts';
import { CreatedRole } from './role.ts';
import { roleFields } from './role-fields.ts';
import { roleOfOrganization } from './role-store.ts';

export const cloneRole = endpoint(
  {
    operation: 'cloneRole',
    method: 'post',
    path: '/roles/:role_id/clone',
    summary: 'Copy a role under a new name',
    description: 'Built-in roles too. Nobody holds the copy; it takes the permissions that it will hold.',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ role_id: Id }),
    body: z.object({ name: roleFields.name }),
    status: 201,
    answer: z.object({ role: CreatedRole.extend({ source_role_id: Id }).meta({ id: 'ClonedRole' }) }),
    message: 'Role cloned successfully',
    messageInData: true,
    errors: [RoleNotFound, RoleAlreadyExists],
  },
  async ({ params, body, caller, db, emit }) => {
    const source = await roleOfOrganization(db, caller.organizationId, params.role_id);
    const change = { organizationId: caller.organizationId, caller };
    const copy = { name: body.name, permissions: source.permissions };
    return { role: { ...(await createRole({ db, emit }, change, copy)), source_role_id: source.id } };
  },
);
