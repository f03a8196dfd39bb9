import { deviceTrusted } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { lockCaller } from '../second-factors/lock-caller.ts';
import { activate, candidateOf } from './device-store.ts';
import {
  ActivationToken,
  ActivationTokenExpired,
  InvalidActivationToken,
  TrustedDevice,
} from './trusted-device.ts';

export const activateDevice = endpoint(
  {
    operation: 'trustDevice',
    method: 'post',
    path: '/devices/activate',
    summary: 'Trust this device',
    description:
      'Password logins from it need no second factor for 30 days, or less where an organization says so.',
    caller: 'user',
    session: true,
    body: z.object({ activation_token: ActivationToken }),
    answer: TrustedDevice,
    errors: [InvalidActivationToken, ActivationTokenExpired, CallerNotFound],
  },
  async ({ body, caller, db, emit }) => {
    const { userId, sessionId } = caller;
    await lockCaller(db, caller);
    const candidate = await candidateOf(db, { userId, sessionId }, tokenHash(body.activation_token));
    if (!candidate) throw InvalidActivationToken();
    if (candidate.expired) throw ActivationTokenExpired();
    const { sessionIds, ...device } = await activate(db, { userId, sessionId }, candidate);
    await emit(deviceTrusted, {
      aggregateId: device.id,
      organizationId: null,
      data: {
        user_id: userId,
        device_id: device.id,
        device_name: device.device_name,
        session_ids: sessionIds,
      },
    });
    return device;
  },
);
