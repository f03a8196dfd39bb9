import { error } from '@rivergate/endpoint';

export { LastAdministrator, UserNotFound } from '@rivergate/contracts';

export const EmailDomainNotAllowed = error(
  'EMAIL_DOMAIN_NOT_ALLOWED',
  403,
  'The organization allows addresses of certain domains only, and this is none of them',
);
export const AlreadyMember = error(
  'ALREADY_MEMBER',
  409,
  'This person is a member of the organization already',
);
