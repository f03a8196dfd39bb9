import { error } from '@rivergate/endpoint';

/** Address or password: the answer does not say which. */
export const InvalidCredentials = error('INVALID_CREDENTIALS', 401, 'Address or password is wrong');
export const AccountDisabled = error('ACCOUNT_DISABLED', 403, 'This account is suspended');
