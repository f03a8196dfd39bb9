import { error } from '@rivergate/endpoint';

export const PersonalOrganization = error(
  'PERSONAL_ORGANIZATION',
  409,
  'A personal organization ends with the account of its user, and not without it',
);
