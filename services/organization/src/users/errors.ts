import { error } from '@rivergate/endpoint';

export const CannotSuspendSelf = error(
  'CANNOT_SUSPEND_SELF',
  409,
  'You would suspend yourself; another administrator can do that',
);
export const UserAlreadyExists = error(
  'USER_ALREADY_EXISTS',
  409,
  'The address belongs to a member of the organization',
);
export const ImportFileUnreadable = error('IMPORT_FILE_UNREADABLE', 400, 'The file could not be read');
export const ImportNotFound = error('IMPORT_NOT_FOUND', 404, 'The organization has no such import');
