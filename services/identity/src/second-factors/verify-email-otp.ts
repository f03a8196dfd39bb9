import { equal } from '@rivergate/secrets';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { OtpCode } from '../signup/otp-code.ts';
import { newBackupCodes } from './backup-code-store.ts';
import { confirmSetup } from './confirm-setup.ts';
import { lockCaller } from './lock-caller.ts';
import { BackupCodes, InvalidCode, NoPendingSetup, SetupLocked } from './method.ts';
import { turnEmailOn } from './methods.ts';
import { dropEmailSetup, emailSetupOf } from './pending-setup-store.ts';
import { setupContext } from './setup-email-otp.ts';
import { refuseCode, requireTriesLeft } from './setup-tries.ts';

export const verifyEmailOtp = endpoint(
  {
    operation: 'verifyEmailOtp',
    method: 'post',
    path: '/mfa/email-otp/verify',
    summary: 'Confirm email-code enrolment',
    description: 'Turns codes by mail on. The backup codes replace any set before them.',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    body: z.object({ code: OtpCode }),
    answer: z.object({ success: z.literal(true), backup_codes: BackupCodes }),
    message: 'Codes by mail are on; keep the backup codes in a safe place',
    messageInData: true,
    errors: [InvalidCode, NoPendingSetup, SetupLocked, CallerNotFound],
    idempotency: { seconds: 60, randomKey: true },
  },
  async context => {
    const { body, caller, db, secretBox } = context;
    const { userId } = caller;
    const account = await lockCaller(db, caller);
    await requireTriesLeft(db, userId, 'email_otp');
    const setup = await emailSetupOf(db, userId);
    if (!setup) throw NoPendingSetup();
    const given = secretBox.codeHash(body.code, setupContext(account));
    if (setup.expired || !equal(given, setup.code_hash)) return refuseCode(context, userId, 'email_otp');

    await dropEmailSetup(db, userId);
    await turnEmailOn(db, caller);
    return confirmSetup(context, account, 'email_otp', { codes: newBackupCodes(), device: null });
  },
);
