import { error } from '@rivergate/endpoint';

/** The token's user is gone or suspended. */
export const CallerNotFound = error('USER_NOT_FOUND', 401, 'The user of this token is gone or suspended');
