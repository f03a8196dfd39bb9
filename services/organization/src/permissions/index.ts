import { checkPermissions } from './check-permissions.ts';
import { effectivePermissions } from './effective-permissions.ts';
import { listPermissions } from './list-permissions.ts';

export const tag = 'Roles & Permissions';
export const endpoints = [listPermissions, checkPermissions, effectivePermissions];
