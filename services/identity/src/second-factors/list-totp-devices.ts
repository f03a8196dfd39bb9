import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { TotpDevice } from './totp-device.ts';
import { totpDevicesOf } from './totp-device-store.ts';

export const listTotpDevices = endpoint(
  {
    operation: 'listTotpDevices',
    method: 'get',
    path: '/mfa/totp/devices',
    summary: 'Verified TOTP devices of the caller, the primary one first, then the newest',
    caller: 'user',
    beforeEnrolment: true,
    answer: z.object({ devices: z.array(TotpDevice), total_count: z.int() }),
  },
  async ({ caller, db }) => {
    const devices = await totpDevicesOf(db, caller.userId);
    return { devices, total_count: devices.length };
  },
);
