import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeRole } from './custom-roles.ts';
import { roleChange } from './update-role.ts';

export const updateOrganizationRole = endpoint(
  {
    operation: 'updateOrganizationRole',
    method: 'patch',
    path: '/organizations/:org_id/roles/:role_id',
    summary: 'Change name or permissions of a custom role',
    caller: 'perm:role.write',
    clients: true,
    params: z.object({ org_id: Id, role_id: Id }),
    messageInData: true,
    ...roleChange,
  },
  async ({ params, query, body, caller, db, emit }) => {
    const change = { organizationId: params.org_id, caller, confirmed: query.confirm };
    return changeRole({ db, emit }, change, params.role_id, () => body);
  },
);
