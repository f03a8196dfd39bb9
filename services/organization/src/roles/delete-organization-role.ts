import { deletion, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { deleteRole } from './custom-roles.ts';
import { RoleInUse, RoleNotFound, SystemRoleProtected } from './errors.ts';

const deleted = deletion('role');

export const deleteOrganizationRole = endpoint(
  {
    operation: 'deleteOrganizationRole',
    method: 'delete',
    path: '/organizations/:org_id/roles/:role_id',
    summary: 'Delete a custom role that nobody holds',
    caller: 'perm:role.write',
    clients: true,
    params: z.object({ org_id: Id, role_id: Id }),
    answer: deleted.answer,
    message: 'Role deleted successfully',
    messageInData: true,
    errors: [RoleNotFound, SystemRoleProtected, RoleInUse],
  },
  async ({ params, caller, db, emit }) => {
    const change = { organizationId: params.org_id, caller, confirmed: false };
    await deleteRole({ db, emit }, change, params.role_id);
    return deleted.of(params.role_id);
  },
);
