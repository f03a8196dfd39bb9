import { organizations } from '../../migrations/0001_organizations.ts';
import { nameSkeletons } from '../../migrations/0004_name_skeletons.ts';
import { provisionalAdministrators } from '../../migrations/0005_provisional_administrators.ts';
import { createOrganization } from './create-organization.ts';
import { endUnverified } from './end-unverified.ts';
import { getOrganization } from './get-organization.ts';
import { getUsage } from './get-usage.ts';
import { listOrganizations } from './list-organizations.ts';
import { takeBackAbandoned } from './provisional-administrators.ts';
import { switchOrganization } from './switch-organization.ts';
import { updateOrganization } from './update-organization.ts';

export const tag = 'Organizations';
export const endpoints = [
  createOrganization,
  listOrganizations,
  getOrganization,
  getUsage,
  updateOrganization,
  switchOrganization,
];
export const migrations = [organizations, nameSkeletons, provisionalAdministrators];
export const consumers = () => [endUnverified];
export const schedules = [takeBackAbandoned];
export { personalData } from './personal-data.ts';
