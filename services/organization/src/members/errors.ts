import { error } from '@rivergate/endpoint';

export { EmailDomainNotAllowed, LastAdministrator, UserNotFound } from '@rivergate/contracts';

export const AlreadyMember = error(
  'ALREADY_MEMBER',
  409,
  'This person is a member of the organization already',
);
