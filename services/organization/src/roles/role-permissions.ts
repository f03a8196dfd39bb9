import { PERMISSIONS } from '@rivergate/caller';
import { error, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeRole } from './custom-roles.ts';
import { RoleNotFound, SystemRoleProtected, WouldLoseOwnRights } from './errors.ts';
import { CustomRole, Impact } from './role.ts';
import { confirm, folded, RolePermissions } from './role-fields.ts';
import { roleOfOrganization } from './role-store.ts';

const PermissionNotHeld = error('PERMISSION_NOT_FOUND', 404, 'The role does not hold this permission');
const LastPermission = error(
  'LAST_PERMISSION',
  409,
  'A role holds at least one permission: delete the role instead',
);
const params = z.object({ role_id: Id });
const changed = z.object({ role: CustomRole, impact: Impact });

export const listRolePermissions = endpoint(
  {
    operation: 'listRolePermissions',
    method: 'get',
    path: '/roles/:role_id/permissions',
    summary: 'Permissions of a role',
    caller: 'user',
    activeOrganization: true,
    clients: true,
    params,
    answer: z.object({
      permissions: z.array(
        z.object({
          code: z.string().meta({ examples: ['workspace.read'] }),
          description: z.string().meta({ examples: ['See workspaces and what they are set to'] }),
        }),
      ),
      total_count: z.int(),
    }),
    message: 'Role permissions retrieved successfully',
    messageInData: true,
    errors: [RoleNotFound],
  },
  async ({ params: { role_id }, caller, db }) => {
    const { permissions } = await roleOfOrganization(db, caller.organizationId, role_id);
    const described = permissions.map(code => ({ code, description: descriptionOf(code) }));
    return { permissions: described, total_count: described.length };
  },
);

const descriptionOf = (code: string) =>
  PERMISSIONS.find(known => known.code === code)?.description ?? 'Everything';

export const grantRolePermissions = endpoint(
  {
    operation: 'grantRolePermissions',
    method: 'post',
    path: '/roles/:role_id/permissions',
    summary: 'Grant permissions to a role',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    params,
    body: z.object({ permissions: RolePermissions }),
    answer: changed,
    message: 'Permissions granted successfully',
    messageInData: true,
    errors: [RoleNotFound, SystemRoleProtected],
  },
  async ({ params: { role_id }, body, caller, db, emit }) => {
    const change = { organizationId: caller.organizationId, caller, confirmed: true };
    return changeRole({ db, emit }, change, role_id, ({ permissions }) => ({
      permissions: folded([...permissions, ...body.permissions]),
    }));
  },
);

export const withdrawRolePermission = endpoint(
  {
    operation: 'withdrawRolePermission',
    method: 'delete',
    path: '/roles/:role_id/permissions/:permission',
    summary: 'Withdraw one permission from a role',
    caller: 'perm:role.write',
    activeOrganization: true,
    clients: true,
    params: params.extend({
      permission: z
        .string()
        .max(100)
        .meta({ examples: ['workspace.write'] }),
    }),
    query: z.object({ confirm }),
    answer: changed,
    message: 'Permission withdrawn successfully',
    messageInData: true,
    errors: [RoleNotFound, SystemRoleProtected, PermissionNotHeld, LastPermission, WouldLoseOwnRights],
  },
  async ({ params: { role_id, permission }, query, caller, db, emit }) => {
    const change = { organizationId: caller.organizationId, caller, confirmed: query.confirm };
    return changeRole({ db, emit }, change, role_id, ({ permissions }) => {
      if (!permissions.includes(permission)) throw PermissionNotHeld();
      if (permissions.length === 1) throw LastPermission();
      return { permissions: permissions.filter(held => held !== permission) };
    });
  },
);
