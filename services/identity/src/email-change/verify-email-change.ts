import { EmailAddress, error } from '@rivergate/endpoint';
import { emailChanged, verificationFailed } from '@rivergate/events';
import { equal } from '@rivergate/secrets';
import { z } from 'zod';
import { lockAddress, ownerOf } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { removeUnverified } from '../accounts/remove-unverified.ts';
import { endpoint } from '../endpoint.ts';
import { clearResetTokens } from '../password/password-reset-store.ts';
import { lockCaller } from '../second-factors/lock-caller.ts';
import { InvalidOtp, MAX_WRONG_TRIES, OtpCode, TooManyAttempts } from '../signup/otp-code.ts';
import { changeAddress } from './address-change-store.ts';
import { addressChangedMail } from './email-change-mails.ts';
import { countWrongTry, dropEmailChange, emailChangeOf } from './email-change-store.ts';
import { codeContext } from './request-email-change.ts';

export const EmailUpdateVerifyFailed = error(
  'EMAIL_UPDATE_VERIFY_FAILED',
  400,
  'No change to this address is pending; ask for a new code',
);
export const ChangeCodeExpired = error('OTP_EXPIRED', 400, 'The code has expired; ask for a new one');

export const verifyEmailChange = endpoint(
  {
    operation: 'verifyEmailChange',
    method: 'post',
    path: '/auth/me/email/verify',
    summary: 'Finish an email change',
    description:
      'The old primary address stays on file, verified; it does not sign in any more. Sessions go on.',
    caller: 'user',
    session: true,
    body: z.object({ new_email: EmailAddress, otp_code: OtpCode }),
    answer: z.object({ old_email: EmailAddress, new_email: EmailAddress }),
    message: 'Your email address is changed',
    messageInData: true,
    errors: [EmailUpdateVerifyFailed, InvalidOtp, ChangeCodeExpired, TooManyAttempts, CallerNotFound],
  },
  async ({ body, caller, db, emit, mail, secretBox }) => {
    const { userId } = caller;
    const { new_email: newEmail } = body;
    // In the order of a signup: first the address, then the account, under whose lock tries are counted one by one.
    await lockAddress(db, newEmail);
    const account = await lockCaller(db, caller);
    const pending = await emailChangeOf(db, userId);
    if (pending?.new_email !== newEmail) throw EmailUpdateVerifyFailed();
    if (pending.wrong_tries >= MAX_WRONG_TRIES) throw TooManyAttempts();
    if (pending.expired) throw ChangeCodeExpired();
    if (!equal(secretBox.codeHash(body.otp_code, codeContext(userId, newEmail)), pending.code_hash)) {
      await countWrongTry(db, userId);
      await emit(verificationFailed, {
        aggregateId: userId,
        organizationId: null,
        data: { user_id: userId },
      });
      return InvalidOtp();
    }

    const owner = await ownerOf(db, newEmail);
    if (owner && owner.id !== userId) {
      // A registration that nobody verified holds the address against nobody who can read its mail.
      const freed = !owner.verified && (await removeUnverified({ db, emit }, owner.id, 'claimed_by_mailbox'));
      if (!freed) throw EmailUpdateVerifyFailed('This address belongs to another user by now');
    }
    await changeAddress(db, caller, { old_email: account.email, new_email: newEmail });
    await dropEmailChange(db, userId);
    // Links that went to the old mailbox: it receives none any more.
    await clearResetTokens(db, userId);
    await emit(emailChanged, {
      aggregateId: userId,
      organizationId: null,
      data: { user_id: userId, old_email: account.email, new_email: newEmail },
    });
    await mail.send(
      db,
      addressChangedMail({ to: account.email, displayName: account.display_name, newEmail }),
    );
    return { old_email: account.email, new_email: newEmail };
  },
);
