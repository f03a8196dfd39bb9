import { Id } from '@rivergate/endpoint';
import { totpDeviceChanged } from '@rivergate/events';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { lockCaller } from './lock-caller.ts';
import { DeviceNotFound } from './method.ts';
import { DeviceName, TotpDevice } from './totp-device.ts';
import { preferTotpDevice, renameTotpDevice, totpDevicesOf } from './totp-device-store.ts';

export const updateTotpDevice = endpoint(
  {
    operation: 'updateTotpDevice',
    method: 'patch',
    path: '/mfa/totp/devices/:device_id',
    summary: 'Rename a TOTP device, or make it the primary one',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    params: z.object({ device_id: Id }),
    body: z
      .object({
        device_name: DeviceName.optional(),
        is_primary: z.literal(true).optional().meta({ description: 'The one before is primary no longer' }),
      })
      .refine(body => body.device_name !== undefined || body.is_primary !== undefined, {
        error: 'needs device_name or is_primary',
        params: { code: 'required' },
      })
      .meta({
        description: 'At least one of device_name and is_primary',
        examples: [{ device_name: 'Old phone' }],
      }),
    answer: TotpDevice,
    errors: [DeviceNotFound, CallerNotFound],
  },
  async ({ params, body, caller, db, emit }) => {
    const { userId } = caller;
    const ofCaller = async () => (await totpDevicesOf(db, userId)).find(({ id }) => id === params.device_id);
    await lockCaller(db, caller);
    if (!(await ofCaller())) throw DeviceNotFound();
    if (body.device_name !== undefined) await renameTotpDevice(db, params.device_id, body.device_name);
    if (body.is_primary) await preferTotpDevice(db, userId, params.device_id);
    const device = (await ofCaller())!;
    const { id: device_id, device_name, is_primary } = device;
    await emit(totpDeviceChanged, {
      aggregateId: device_id,
      organizationId: null,
      data: { user_id: userId, device_id, device_name, is_primary },
    });
    return device;
  },
);
