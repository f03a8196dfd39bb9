import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { createRole } from './custom-roles.ts';
import { RoleAlreadyExists } from './errors.ts';
import { CreatedRole } from './role.ts';
import { roleFields } from './role-fields.ts';

export const createOrganizationRole = endpoint(
  {
    operation: 'createOrganizationRole',
    method: 'post',
    path: '/organizations/:org_id/roles',
    summary: 'Create a custom role',
    description: 'With permissions that the caller holds; "*" is for administrators.',
    caller: 'perm:role.write',
    clients: true,
    params: z.object({ org_id: Id }),
    body: z.object(roleFields),
    status: 201,
    answer: z.object({ role: CreatedRole }),
    message: 'Role created successfully',
    messageInData: true,
    errors: [RoleAlreadyExists],
  },
  async ({ params: { org_id: organizationId }, body, caller, db, emit }) => {
    await enterOrganization(db, organizationId);
    return { role: await createRole({ db, emit }, { organizationId, caller }, body) };
  },
);
