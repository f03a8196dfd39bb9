import { error } from '@rivergate/endpoint';
import { z } from 'zod';

/** A second factor that a user may turn on. A backup code stands in for any of them and is none by itself. */
export const Method = z.enum(['totp', 'email_otp']);
export type Method = z.output<typeof Method>;

export const BackupCodes = z
  .array(z.string())
  .meta({ description: 'Ten, each good once', examples: [['K7QX-93BD', 'M2VD-T0RA']] });

export const InvalidCode = error('INVALID_CODE', 400, 'The code is wrong');
export const NoPendingSetup = error(
  'NO_PENDING_SETUP',
  400,
  'No setup is waiting for a code; begin it again',
);
export const SetupLocked = error('TOO_MANY_ATTEMPTS', 429, 'Too many wrong codes; wait a minute');
export const DeviceNotFound = error('DEVICE_NOT_FOUND', 404, 'No such device of yours');
export const RequiredByOrganization = error(
  'MFA_REQUIRED_BY_ORGANIZATION',
  409,
  'An organization of yours requires a second factor; set another one up first',
);
export const MfaNotEnabled = error('MFA_NOT_ENABLED', 409, 'No second factor is on; set one up first');
