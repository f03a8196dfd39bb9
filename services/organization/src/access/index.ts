import { attributePolicies } from '../../migrations/0034_attribute_policies.ts';
import { getAccessPolicy } from './get-access-policy.ts';
import { getMemberPrincipal } from './get-member-principal.ts';
import { getOrganizationName } from './get-organization-name.ts';
import { getStartingPoint } from './get-starting-point.ts';
import { listMemberships } from './list-memberships.ts';
import { useAttributePolicies } from './use-attribute-policies.ts';

export const endpoints = [
  getMemberPrincipal,
  getAccessPolicy,
  useAttributePolicies,
  listMemberships,
  getStartingPoint,
  getOrganizationName,
];
export const migrations = [attributePolicies];
