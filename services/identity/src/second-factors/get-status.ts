import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { mfaRequiredFrom } from '../organizations/policy-store.ts';
import { backupCodesOf } from './backup-code-store.ts';
import { Method } from './method.ts';
import { methodsOf } from './methods.ts';
import { TotpDevice } from './totp-device.ts';
import { totpDevicesOf } from './totp-device-store.ts';

export const getMfaStatus = endpoint(
  {
    operation: 'getMfaStatus',
    method: 'get',
    path: '/mfa/status',
    summary: 'Methods that are on, devices, and whether an organization requires MFA and by when',
    caller: 'user',
    beforeEnrolment: true,
    answer: z
      .object({
        mfa_enabled: z.boolean(),
        mfa_methods: z.array(Method),
        devices: z.array(TotpDevice),
        backup_codes_left: z.int(),
        required: z.boolean().meta({ description: 'Whether an organization of the caller requires MFA' }),
        required_from: Timestamp.nullable().meta({
          description: 'The earliest date of those organizations; null where none requires it',
        }),
      })
      .meta({ id: 'MfaStatus' }),
  },
  async ({ caller, db }) => {
    const { userId } = caller;
    const methods = await methodsOf(db, userId);
    const requiredFrom = await mfaRequiredFrom(db, userId);
    return {
      mfa_enabled: methods.length > 0,
      mfa_methods: methods,
      devices: await totpDevicesOf(db, userId),
      backup_codes_left: (await backupCodesOf(db, userId)).left,
      required: requiredFrom !== null,
      required_from: requiredFrom,
    };
  },
);
