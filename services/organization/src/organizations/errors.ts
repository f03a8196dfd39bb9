import { error } from '@rivergate/endpoint';

export { PlanLimitExceeded } from '@rivergate/contracts';

export const OrganizationAlreadyExists = error(
  'ORGANIZATION_ALREADY_EXISTS',
  409,
  'An organization of this name, or of one that looks like it, exists already',
);
