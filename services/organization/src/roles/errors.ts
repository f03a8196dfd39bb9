import { error } from '@rivergate/endpoint';

export const RoleNotFound = error('ROLE_NOT_FOUND', 404, 'The organization has no such role');
