import { Id } from '@rivergate/endpoint';
import { totpDeviceRemoved } from '@rivergate/events';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { lockCaller } from './lock-caller.ts';
import { DeviceNotFound, RequiredByOrganization } from './method.ts';
import { changeNotice } from './second-factor-mails.ts';
import { removeTotpDevice, totpDevicesOf } from './totp-device-store.ts';
import { turnOff } from './turn-off.ts';

export const deleteTotpDevice = endpoint(
  {
    operation: 'deleteTotpDevice',
    method: 'delete',
    path: '/mfa/totp/devices/:device_id',
    summary: 'Remove a TOTP device',
    description:
      'When the primary one goes, the newest left takes its place. Without a device TOTP is off; without a method, ' +
      'backup codes and trusted devices are gone, too.',
    caller: 'user',
    session: true,
    fresh: true,
    beforeEnrolment: true,
    params: z.object({ device_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    message: 'Device removed',
    messageInData: true,
    errors: [DeviceNotFound, RequiredByOrganization, CallerNotFound],
  },
  async ({ params, caller, db, emit, mail }) => {
    const { userId } = caller;
    const account = await lockCaller(db, caller);
    const devices = await totpDevicesOf(db, userId);
    const device = devices.find(({ id }) => id === params.device_id);
    if (!device) throw DeviceNotFound();
    if (devices.length === 1) await turnOff({ db, emit }, userId, ['totp']);
    else await removeTotpDevice(db, userId, device.id);
    const { id: device_id, device_name } = device;
    await emit(totpDeviceRemoved, {
      aggregateId: device_id,
      organizationId: null,
      data: { user_id: userId, device_id, device_name },
    });
    await mail.send(db, changeNotice(account, `the authenticator "${device_name}" was removed`));
    return { success: true } as const;
  },
);
