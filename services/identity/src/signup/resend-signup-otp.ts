import { EmailAddress, error } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { byTemporaryToken } from './address-verification-store.ts';
import { startVerification } from './start-verification.ts';
import { TemporaryToken } from './temporary-token.ts';
import { InvalidTemporaryToken } from './verify-otp.ts';

export const EmailAlreadyVerified = error(
  'EMAIL_ALREADY_VERIFIED',
  409,
  'This address is verified already; log in',
);

export const resendSignupOtp = endpoint(
  {
    operation: 'resendSignupCode',
    method: 'post',
    path: '/auth/resend-signup-otp',
    summary: 'Send a fresh signup code',
    description: 'The code, link and temporary token before it become invalid.',
    caller: 'token',
    body: z.object({ email: EmailAddress, temporary_token: TemporaryToken }),
    answer: z.object({ temporary_token: z.string() }),
    message: 'A new code is on its way',
    messageInData: true,
    errors: [InvalidTemporaryToken, EmailAlreadyVerified],
    rateLimit: 'signup_code',
    idempotency: { seconds: 60, spends: 'body.temporary_token' },
  },
  async context => {
    const { body, db } = context;
    const verification = await byTemporaryToken(db, tokenHash(body.temporary_token));
    const account = verification && (await accountById(db, verification.user_id));
    if (!account || account.email !== body.email || verification.disabled) throw InvalidTemporaryToken();
    if (verification.verified) throw EmailAlreadyVerified();
    if (verification.temporary_token_expired) throw InvalidTemporaryToken();
    return { temporary_token: await startVerification(context, account) };
  },
);
