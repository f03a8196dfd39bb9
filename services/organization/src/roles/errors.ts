import { error } from '@rivergate/endpoint';

export { RoleNotFound } from '@rivergate/contracts';

export const RoleAlreadyExists = error(
  'ROLE_ALREADY_EXISTS',
  409,
  'The organization has a role of that name, or of one that looks like it',
);
export const SystemRoleProtected = error(
  'SYSTEM_ROLE_PROTECTED',
  403,
  'The role is built in: clone it and change the copy',
);
export const RoleInUse = error(
  'ROLE_IN_USE',
  409,
  'Somebody holds the role: withdraw it, or name another that its holders get instead',
);
export const AssignmentNotFound = error(
  'ASSIGNMENT_NOT_FOUND',
  404,
  'Nobody holds the role by that assignment',
);
export const WouldLoseOwnRights = error(
  'WOULD_LOSE_OWN_RIGHTS',
  409,
  'You would lose permissions that you hold; say that you mean it by confirm=true',
);
