import { ofMember, type Resources } from '@rivergate/service';
import { organizationPolicies as policyTables } from '../../migrations/0007_organization_policies.ts';
import { applicationsOfDeletedOrganizations } from '../../migrations/0041_applications_of_deleted_organizations.ts';
import { deletedOrganizations } from './deleted-organizations.ts';
import { memberships } from './memberships.ts';
import { organizationPolicies } from './organization-policies.ts';
import { usage } from './usage.ts';

export const endpoints = [usage];
export const migrations = [policyTables, applicationsOfDeletedOrganizations];
export const consumers = (tools: Resources) => [
  organizationPolicies(tools),
  memberships,
  deletedOrganizations(tools),
];
export const personalData = [ofMember('memberships', ['organization_id', 'status', 'said_at'])];
