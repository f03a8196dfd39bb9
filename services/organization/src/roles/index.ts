import { expiringRoles } from '../../migrations/0010_expiring_roles.ts';
import { assignRoleToUser } from './assign-role-to-user.ts';
import { cloneRole } from './clone-role.ts';
import { createOrganizationRole } from './create-organization-role.ts';
import { createRoleInOrganization } from './create-role.ts';
import { deleteOrganizationRole } from './delete-organization-role.ts';
import { deleteRoleOfOrganization } from './delete-role.ts';
import { expireAssignments } from './expire-assignments.ts';
import { getRole } from './get-role.ts';
import { listOrganizationRoles } from './list-organization-roles.ts';
import { listRoleHolders } from './list-role-holders.ts';
import { listRoles } from './list-roles.ts';
import { grantRolePermissions, listRolePermissions, withdrawRolePermission } from './role-permissions.ts';
import { updateOrganizationRole } from './update-organization-role.ts';
import { updateRole } from './update-role.ts';
import { withdrawAssignment } from './withdraw-assignment.ts';

export const tag = 'Roles & Permissions';
export const endpoints = [
  listOrganizationRoles,
  createOrganizationRole,
  updateOrganizationRole,
  deleteOrganizationRole,
  listRoles,
  createRoleInOrganization,
  getRole,
  updateRole,
  deleteRoleOfOrganization,
  listRolePermissions,
  grantRolePermissions,
  withdrawRolePermission,
  listRoleHolders,
  assignRoleToUser,
  withdrawAssignment,
  cloneRole,
];
export const migrations = [expiringRoles];
export const schedules = [expireAssignments];
export { personalData } from './personal-data.ts';
