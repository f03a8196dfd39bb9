import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { DeviceNotFound } from '../second-factors/method.ts';
import { devicesIn } from './device-store.ts';
import { revokeDevices } from './revoke-devices.ts';

export const revokeMemberDevice = endpoint(
  {
    operation: 'revokeMemberDevice',
    method: 'delete',
    path: '/organizations/:org_id/devices/:device_id',
    summary: 'Stop trusting a device of a member',
    description: 'The next login from it needs a second factor; running sessions go on.',
    caller: 'admin',
    params: z.object({ org_id: Id, device_id: Id }),
    message: 'The device is trusted no longer',
    messageInData: true,
    errors: [DeviceNotFound],
  },
  async ({ params: { org_id: organizationId, device_id: id }, db, emit }) => {
    const device = await devicesIn(db, organizationId)
      .where({ 'trusted_devices.id': id })
      .first('trusted_devices.user_id');
    if (!device) throw DeviceNotFound();
    const which = { userId: device.user_id, id };
    const revoked = await revokeDevices({ db, emit }, which, 'revoked_by_administrator', organizationId);
    if (revoked === 0) throw DeviceNotFound();
  },
);
