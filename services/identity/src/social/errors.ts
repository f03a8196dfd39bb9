import { error } from '@rivergate/endpoint';

export const InvalidProvider = error('INVALID_PROVIDER', 400, 'This way of signing in is not offered here');
