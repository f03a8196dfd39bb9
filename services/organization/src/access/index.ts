import { getAccessPolicy } from './get-access-policy.ts';
import { getMemberPrincipal } from './get-member-principal.ts';
import { getOrganizationName } from './get-organization-name.ts';
import { getStartingPoint } from './get-starting-point.ts';
import { listMemberships } from './list-memberships.ts';

export const endpoints = [
  getMemberPrincipal,
  getAccessPolicy,
  listMemberships,
  getStartingPoint,
  getOrganizationName,
];
