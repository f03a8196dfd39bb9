import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { OtpCode } from '../signup/otp-code.ts';
import { confirmSetup } from './confirm-setup.ts';
import { lockCaller } from './lock-caller.ts';
import { BackupCodes, InvalidCode, NoPendingSetup, SetupLocked } from './method.ts';
import { dropTotpSetup, totpSetupOf } from './pending-setup-store.ts';
import { refuseCode, requireTriesLeft } from './setup-tries.ts';
import { stepOfCode } from './totp.ts';
import { DeviceName } from './totp-device.ts';
import { addTotpDevice, secretContext, totpDevicesOf } from './totp-device-store.ts';

export const verifyTotp = endpoint(
  {
    operation: 'verifyTotp',
    method: 'post',
    path: '/mfa/totp/verify',
    summary: 'Confirm TOTP enrolment',
    description: 'Turns TOTP on. The backup codes are those of the setup; they replace any set before them.',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    body: z.object({
      code: OtpCode,
      device_name: DeviceName.optional().meta({ description: 'Where given, that of the setup' }),
    }),
    answer: z.object({ success: z.literal(true), backup_codes: BackupCodes }),
    message: 'TOTP is on; keep the backup codes in a safe place',
    messageInData: true,
    errors: [InvalidCode, NoPendingSetup, SetupLocked, CallerNotFound],
    idempotency: { seconds: 60, randomKey: true },
  },
  async context => {
    const { body, caller, db, secretBox } = context;
    const { userId } = caller;
    const account = await lockCaller(db, caller);
    await requireTriesLeft(db, userId, 'totp');
    const setup = await totpSetupOf(db, userId);
    if (!setup || (body.device_name !== undefined && body.device_name !== setup.device_name))
      throw NoPendingSetup();

    const { secret, codes } = JSON.parse(secretBox.open(setup.sealed, secretContext(userId))) as {
      secret: string;
      codes: string[];
    };
    const step = stepOfCode(secret, body.code);
    if (step === null) return refuseCode(context, userId, 'totp');

    await dropTotpSetup(db, userId);
    const isFirst = (await totpDevicesOf(db, userId)).length === 0;
    const device = await addTotpDevice(db, caller, {
      name: setup.device_name,
      sealedSecret: secretBox.seal(secret, secretContext(userId)),
      step,
      isPrimary: isFirst,
    });
    return confirmSetup(context, account, 'totp', { codes, device });
  },
);
