import { ssoRequirement } from '../../migrations/0035_sso_requirement.ts';
import { setSsoRequirement } from './set-sso-requirement.ts';

export const endpoints = [setSsoRequirement];
export const migrations = [ssoRequirement];
