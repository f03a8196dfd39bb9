import { EmailAddress, error } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { byTemporaryToken } from './address-verification-store.ts';
import { countCode, startVerification } from './start-verification.ts';
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
    description: 'The code, link and temporary token before it die.',
    caller: 'token',
    body: z.object({ email: EmailAddress, temporary_token: TemporaryToken }),
    answer: z.object({ temporary_token: z.string() }),
    message: 'A new code is on its way',
    messageInData: true,
    errors: [InvalidTemporaryToken, EmailAlreadyVerified],
    rateLimit: 'signup_code',
    idempotency: { seconds: 60, spends: 'body.temporary_token' },
  },
  async ({ body, db, emit, limit, mail, secretBox, settings }) => {
    const verification = await byTemporaryToken(db, tokenHash(body.temporary_token));
    const account = verification && (await accountById(db, verification.user_id));
    if (!account || account.email !== body.email || verification.disabled) throw InvalidTemporaryToken();
    if (verification.verified) throw EmailAlreadyVerified();
    if (verification.temporary_token_expired) throw InvalidTemporaryToken();
    // Only who holds the token counts against the address: nobody else can use up its codes.
    await countCode(limit, account.email);
    return {
      temporary_token: await startVerification({ db, emit, mail, secretBox, settings }, account, true),
    };
  },
);
