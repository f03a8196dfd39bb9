import { listOrganizationRoles } from './list-organization-roles.ts';
import { listRoles } from './list-roles.ts';

export const tag = 'Roles & Permissions';
export const endpoints = [listOrganizationRoles, listRoles];
