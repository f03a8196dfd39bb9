import { deletion, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed } from '../members/errors.ts';
import { deleteRole } from './custom-roles.ts';
import { RoleInUse, RoleNotFound, SystemRoleProtected, WouldLoseOwnRights } from './errors.ts';
import { confirm } from './role-fields.ts';

const deleted = deletion('role');

export const deleteRoleOfOrganization = endpoint(
  {
    operation: 'deleteRole',
    method: 'delete',
    path: '/roles/:role_id',
    summary: 'Delete a custom role, or hand its holders to another',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    params: z.object({ role_id: Id }),
    query: z.object({
      replacement_role_id: Id.optional().meta({
        description: 'The role that its holders get where they held it, to the same end',
      }),
      confirm,
    }),
    answer: deleted.answer.extend({
      moved_users: z.int().meta({ description: 'How many hold the replacement instead' }),
    }),
    message: 'Role deleted successfully',
    messageInData: true,
    errors: [RoleNotFound, SystemRoleProtected, RoleInUse, WouldLoseOwnRights, EmailDomainNotAllowed],
  },
  async ({ params, query, caller, db, emit }) => {
    const change = { organizationId: caller.organizationId, caller, confirmed: query.confirm };
    const moved = await deleteRole({ db, emit }, change, params.role_id, query.replacement_role_id);
    return { ...deleted.of(params.role_id), moved_users: moved };
  },
);
