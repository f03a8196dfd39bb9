import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { trustedDevicesOf } from './device-store.ts';
import { TrustedDevice } from './trusted-device.ts';

export const listDevices = endpoint(
  {
    operation: 'listTrustedDevices',
    method: 'get',
    path: '/devices',
    summary: 'Trusted devices of the caller, the most recently used first',
    caller: 'user',
    answer: z.object({ devices: z.array(TrustedDevice), total_count: z.int() }),
  },
  async ({ caller, db }) => {
    const devices = await trustedDevicesOf(db, caller.userId);
    return { devices, total_count: devices.length };
  },
);
