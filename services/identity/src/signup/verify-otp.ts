import { error } from '@rivergate/endpoint';
import { verificationFailed } from '@rivergate/events';
import { equal, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { byTemporaryToken, countWrongTry } from './address-verification-store.ts';
import { completeVerification } from './complete-verification.ts';
import { InvalidOtp, MAX_WRONG_TRIES, OtpCode, TooManyAttempts } from './otp-code.ts';
import { codeContext } from './start-verification.ts';
import { TemporaryToken } from './temporary-token.ts';
import { VerifiedAnswer } from './verified-answer.ts';
import { countWrongCode, requireGuessesLeft } from './wrong-code-store.ts';

export const InvalidTemporaryToken = error('INVALID_TOKEN', 401, 'This temporary token is not valid');
export const OtpExpired = error('OTP_EXPIRED', 410, 'The code has expired; ask for a new one');

export const verifyOtp = endpoint(
  {
    operation: 'verifySignupCode',
    method: 'post',
    path: '/auth/verify-otp',
    summary: 'Verify the signup code',
    caller: 'token',
    body: z.object({ temporary_token: TemporaryToken, otp_code: OtpCode }),
    answer: VerifiedAnswer,
    message: 'Your address is verified',
    messageInData: true,
    errors: [InvalidOtp, InvalidTemporaryToken, OtpExpired, TooManyAttempts],
    idempotency: { seconds: 60, spends: 'body.temporary_token' },
  },
  async ({ body, db, emit, call, knex, keys, settings, secretBox, request }) => {
    const verification = await byTemporaryToken(db, tokenHash(body.temporary_token));
    if (!verification || verification.spent_at || verification.disabled) throw InvalidTemporaryToken();
    if (verification.wrong_tries >= MAX_WRONG_TRIES) throw TooManyAttempts();
    if (verification.temporary_token_expired || verification.code_expired) throw OtpExpired();
    await requireGuessesLeft(db, verification.email, settings.wrongCodes);

    const given = secretBox.codeHash(body.otp_code, codeContext(verification.user_id));
    if (!equal(given, verification.code_hash)) {
      await countWrongTry(db, verification.user_id);
      await countWrongCode(db, verification.email, settings.wrongCodes);
      await emit(verificationFailed, {
        aggregateId: verification.user_id,
        organizationId: null,
        userId: verification.user_id,
        data: { user_id: verification.user_id },
      });
      return InvalidOtp();
    }
    return completeVerification({ db, emit, call, knex, keys, settings, request }, verification);
  },
);
