import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeRole } from './custom-roles.ts';
import { RoleAlreadyExists, RoleNotFound, SystemRoleProtected, WouldLoseOwnRights } from './errors.ts';
import { CustomRole, Impact } from './role.ts';
import { confirm, roleFields } from './role-fields.ts';

/** What a change of a role takes and answers, by whichever path. */
export const roleChange = {
  body: z
    .object(roleFields)
    .partial()
    .refine(body => body.name !== undefined || body.permissions !== undefined, {
      error: 'needs name or permissions',
      params: { code: 'required' },
    })
    .meta({ description: 'At least one of name and permissions; one left out keeps its value' }),
  query: z.object({ confirm }),
  answer: z.object({ role: CustomRole, impact: Impact }),
  message: 'Role updated successfully',
  errors: [RoleNotFound, SystemRoleProtected, RoleAlreadyExists, WouldLoseOwnRights],
};

export const updateRole = endpoint(
  {
    operation: 'updateRole',
    method: 'put',
    path: '/roles/:role_id',
    summary: 'Replace name and permissions of a custom role',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ role_id: Id }),
    messageInData: true,
    ...roleChange,
  },
  async ({ params, query, body, caller, db, emit }) => {
    const change = { organizationId: caller.organizationId, caller, confirmed: query.confirm };
    return changeRole({ db, emit }, change, params.role_id, () => body);
  },
);
