import { error } from '@rivergate/endpoint';

export const OrganizationAlreadyExists = error(
  'ORGANIZATION_ALREADY_EXISTS',
  409,
  'An organization of this name, or of one that looks like it, exists already',
);
export const PlanLimitExceeded = error(
  'PLAN_LIMIT_EXCEEDED',
  403,
  'The plan of the organization has no seat left for this',
);
