import { scim } from '../../../migrations/0003_scim.ts';
import { provisionRoles } from '../roles.ts';
import { getSettings } from './get-settings.ts';
import { putSettings } from './put-settings.ts';

export const tag = 'SSO';
export const endpoints = [getSettings, putSettings];
export const migrations = [scim];
export const workers = [provisionRoles];
