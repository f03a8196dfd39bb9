import { givePersonalOrganization } from './give-personal-organization.ts';
import { putPersonalOrganization } from './put-personal-organization.ts';

export const endpoints = [putPersonalOrganization];
export const consumers = () => [givePersonalOrganization];
