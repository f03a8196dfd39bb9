import { provisionedMembers } from '../../migrations/0031_provisioned_members.ts';
import { roleSources } from '../../migrations/0032_role_sources.ts';
import { changeProvisionedMember } from './change-provisioned-member.ts';
import { provisionMember } from './provision-member.ts';
import { removeProvisionedMember } from './remove-provisioned-member.ts';
import { requireRolesHandedOut } from './require-roles-handed-out.ts';
import { setProvisionedRoles } from './set-provisioned-roles.ts';

export const endpoints = [
  provisionMember,
  changeProvisionedMember,
  removeProvisionedMember,
  setProvisionedRoles,
  requireRolesHandedOut,
];
export const migrations = [provisionedMembers, roleSources];
