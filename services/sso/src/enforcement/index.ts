import { ofMember } from '@rivergate/service';
import { enforcementTables } from '../../migrations/0009_enforcement.ts';
import { enforceSso } from './enforce.ts';
import { followRequirements } from './follow-requirements.ts';

export const tag = 'SSO Enforcement';
export const endpoints = [enforceSso];
export const migrations = [enforcementTables];
export const consumers = () => [followRequirements];
export const personalData = [ofMember('exemptions', ['organization_id', 'reason', 'created_at'])];
