import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { NamedOrganization, namedOrganization } from '../organizations/named-organization.ts';
import { createRole } from './custom-roles.ts';
import { RoleAlreadyExists } from './errors.ts';
import { CreatedRole } from './role.ts';
import { roleFields } from './role-fields.ts';

export const createRoleInOrganization = endpoint(
  {
    operation: 'createRole',
    method: 'post',
    path: '/roles',
    summary: 'Create a custom role in the active organization, or in one that is named',
    description: 'With permissions that the caller holds; "*" is for administrators.',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    body: z.object({
      ...roleFields,
      organization_id: NamedOrganization,
    }),
    status: 201,
    answer: z.object({ role: CreatedRole }),
    message: 'Role created successfully',
    messageInData: true,
    errors: [RoleAlreadyExists],
  },
  {
    organization: namedOrganization,
    async handle({ body, caller, db, emit }) {
      return {
        role: await createRole({ db, emit }, { organizationId: caller.organizationId, caller }, body),
      };
    },
  },
);
