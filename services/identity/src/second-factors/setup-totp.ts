import { error } from '@rivergate/endpoint';
import { secondFactorSetupStarted } from '@rivergate/events';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { newBackupCodes } from './backup-code-store.ts';
import { lockCaller } from './lock-caller.ts';
import { BackupCodes } from './method.ts';
import { replaceTotpSetup } from './pending-setup-store.ts';
import { newTotpSecret, totpQrCode } from './totp.ts';
import { DeviceName } from './totp-device.ts';
import { secretContext, totpDevicesOf } from './totp-device-store.ts';

export const TotpAlreadyEnabled = error(
  'TOTP_ALREADY_ENABLED',
  409,
  'TOTP is on already; say additional for a further device, of which there may be five',
);

const MAX_DEVICES = 5;
const Base32 = z.string().meta({ examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'] });

export const setupTotp = endpoint(
  {
    operation: 'setUpTotp',
    method: 'post',
    path: '/mfa/totp/setup',
    summary: 'Start TOTP enrolment',
    description:
      'Nothing is on until a code confirms it, within 10 minutes. A new setup replaces the one before.',
    caller: 'user',
    session: true,
    fresh: true,
    beforeEnrolment: true,
    body: z.object({
      device_name: DeviceName,
      additional: z
        .boolean()
        .default(false)
        .meta({ description: 'Enrols a further device where TOTP is on already' }),
    }),
    answer: z.object({
      secret: Base32,
      qr_code: z.string().meta({
        description: 'PNG of the otpauth URI, as a data URI',
        examples: ['data:image/png;base64,iVBORw0KGgo='],
      }),
      manual_entry_key: Base32,
      device_name: DeviceName,
      backup_codes: BackupCodes,
    }),
    errors: [TotpAlreadyEnabled, CallerNotFound],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    prepare: ({ caller, limit }) => limit('second_factor_setup', `totp of user ${caller.userId}`),
    async handle({ body, caller, db, emit, secretBox }) {
      const { userId } = caller;
      const account = await lockCaller(db, caller);
      const devices = await totpDevicesOf(db, userId);
      if (devices.length >= MAX_DEVICES || (devices.length > 0 && !body.additional))
        throw TotpAlreadyEnabled();

      const secret = newTotpSecret();
      const codes = newBackupCodes();
      const sealed = secretBox.seal(JSON.stringify({ secret, codes }), secretContext(userId));
      await replaceTotpSetup(db, userId, { deviceName: body.device_name, sealed });
      await emit(secondFactorSetupStarted, {
        aggregateId: userId,
        organizationId: null,
        data: { user_id: userId, method: 'totp' },
      });
      return {
        secret,
        qr_code: totpQrCode(secret, account.email),
        manual_entry_key: secret,
        device_name: body.device_name,
        backup_codes: codes,
      };
    },
  },
);
