import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { DeviceNotFound } from '../second-factors/method.ts';
import { revokeDevices } from './revoke-devices.ts';

export const revokeDevice = endpoint(
  {
    operation: 'revokeTrustedDevice',
    method: 'delete',
    path: '/devices/:device_id',
    summary: 'Stop trusting a device',
    description: 'The next login from it needs a second factor; running sessions go on.',
    caller: 'user',
    session: true,
    params: z.object({ device_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    errors: [DeviceNotFound],
  },
  async ({ params, caller, db, emit }) => {
    const own = { userId: caller.userId, id: params.device_id };
    if ((await revokeDevices({ db, emit }, own, 'revoked')) === 0) throw DeviceNotFound();
    return { success: true } as const;
  },
);
