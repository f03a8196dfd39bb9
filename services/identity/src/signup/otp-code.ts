import { error } from '@rivergate/endpoint';
import { z } from 'zod';

export const InvalidOtp = error('INVALID_OTP', 400, 'The code does not match');
export const TooManyAttempts = error('TOO_MANY_ATTEMPTS', 429, 'Too many wrong codes; ask for a new one');

/** After so many wrong ones not even the right code counts. */
export const MAX_WRONG_TRIES = 5;

/** Six digits as a string, leading zeros kept. */
export const OtpCode = z
  .string()
  .regex(/^[0-9]{6}$/, 'must be 6 digits')
  .meta({ examples: ['123456'] });
