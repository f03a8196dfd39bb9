import { error } from '@rivergate/endpoint';
import { z } from 'zod';
import { Method } from '../second-factors/method.ts';

/** The password was right; the account wants more. */
export const SecondFactorRequired = z
  .object({
    temporary_token: z.string(),
    mfa_required: z.literal(true),
    mfa_methods: z.array(Method),
    message: z.string().meta({ examples: ['Choose a second factor'] }),
  })
  .meta({ id: 'SecondFactorRequired' });

/** Wrong codes that a login may be tried with. */
export const WRONG_CODES_A_LOGIN = 5;

/** What a mailed code is bound to when it is hashed. */
export const loginCodeContext = (pendingLoginId: number) => `login ${pendingLoginId}`;

/** What wrong codes of a user are counted for, over all logins. */
export const wrongCodesOf = (userId: number) => `second factor of user ${userId}`;

export const InvalidMethod = error('INVALID_REQUEST', 400, 'This second factor is not on');
export const InvalidLoginToken = error('INVALID_TEMPORARY_TOKEN', 401, 'This temporary token is not valid');
export const PendingLoginGone = error('SESSION_NOT_FOUND', 404, 'This login has ended; begin it again');
export const InvalidMfaCode = error('INVALID_MFA_CODE', 400, 'The code does not match');
export const InvalidMfaToken = error('INVALID_TOKEN', 401, 'This temporary token is not valid here');
export const TooManyWrongCodes = error('TOO_MANY_ATTEMPTS', 429, 'Too many wrong codes');
