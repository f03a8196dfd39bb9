import { listPermissions } from './list-permissions.ts';

export const tag = 'Roles & Permissions';
export const endpoints = [listPermissions];
