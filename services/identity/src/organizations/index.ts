import { ofMember, type Resources } from '@rivergate/service';
import { organizationPolicies as policyTables } from '../../migrations/0007_organization_policies.ts';
import { applicationsOfDeletedOrganizations } from '../../migrations/0041_applications_of_deleted_organizations.ts';
import { organizationBranding as brandingTable } from '../../migrations/0045_organization_branding.ts';
import { admission } from '../../migrations/0049_admission.ts';
import { ssoRequirements as ssoRequirementTable } from '../../migrations/0054_sso_requirements.ts';
import { organizationBranding } from './branding.ts';
import { deletedOrganizations } from './deleted-organizations.ts';
import { memberships } from './memberships.ts';
import { organizationPolicies } from './organization-policies.ts';
import { ssoRequirements } from './sso-requirements.ts';
import { usage } from './usage.ts';

export const endpoints = [usage];
export const migrations = [
  policyTables,
  applicationsOfDeletedOrganizations,
  brandingTable,
  admission,
  ssoRequirementTable,
];
export const consumers = (tools: Resources) => [
  organizationPolicies(tools),
  memberships,
  organizationBranding,
  ssoRequirements,
  deletedOrganizations(tools),
];
export const personalData = [ofMember('memberships', ['organization_id', 'status', 'said_at'])];
