import { error } from '@rivergate/endpoint';
import { secondFactorSetupStarted } from '@rivergate/events';
import { oneTimeCode } from '@rivergate/secrets';
import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { addressesOf } from '../profile/profile-store.ts';
import { lockCaller } from './lock-caller.ts';
import { methodsOf } from './methods.ts';
import { replaceEmailSetup } from './pending-setup-store.ts';
import { codeMail } from './second-factor-mails.ts';

export const SetupFailed = error('SETUP_FAILED', 400, 'Your address is not verified; verify it first');
export const EmailOtpAlreadyEnabled = error('EMAIL_OTP_ALREADY_ENABLED', 409, 'Codes by mail are on already');

/** What a code that confirms a setup is bound to when it is hashed: it proves that address and no other. */
export const setupContext = ({ id, email }: Pick<Account, 'id' | 'email'>) =>
  `email factor of user ${id} at ${email}`;

export const setupEmailOtp = endpoint(
  {
    operation: 'setUpEmailOtp',
    method: 'post',
    path: '/mfa/email-otp/setup',
    summary: 'Start email-code enrolment',
    description: 'Mails a code, good for 10 minutes, to the primary address; the one before becomes invalid.',
    caller: 'user',
    session: true,
    fresh: true,
    beforeEnrolment: true,
    answer: z.object({ otp_sent: z.literal(true) }),
    message: 'A code is on its way to your address',
    messageInData: true,
    errors: [SetupFailed, EmailOtpAlreadyEnabled, CallerNotFound],
  },
  {
    prepare: ({ caller, limit }) => limit('second_factor_setup', `email of user ${caller.userId}`),
    async handle({ caller, db, emit, mail, secretBox }) {
      const { userId } = caller;
      const account = await lockCaller(db, caller);
      if ((await methodsOf(db, userId)).includes('email_otp')) throw EmailOtpAlreadyEnabled();
      const [primary] = await addressesOf(db, userId);
      if (!primary?.verified) throw SetupFailed();
      const code = oneTimeCode();
      await replaceEmailSetup(db, userId, secretBox.codeHash(code, setupContext(account)));
      await mail.send(db, codeMail(account, code, 'get a code by mail with each login'));
      await emit(secondFactorSetupStarted, {
        aggregateId: userId,
        organizationId: null,
        data: { user_id: userId, method: 'email_otp' },
      });
      return { otp_sent: true } as const;
    },
  },
);
