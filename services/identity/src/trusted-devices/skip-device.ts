import { deviceSkipped } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { lockCaller } from '../second-factors/lock-caller.ts';
import { candidateOf, removeCandidate } from './device-store.ts';
import { ActivationToken, ActivationTokenExpired, InvalidActivationToken } from './trusted-device.ts';

export const skipDevice = endpoint(
  {
    operation: 'skipDevice',
    method: 'post',
    path: '/devices/skip',
    summary: 'Spend the activation token without trusting the device',
    caller: 'user',
    session: true,
    body: z.object({ activation_token: ActivationToken }),
    answer: z.object({ success: z.literal(true) }),
    errors: [InvalidActivationToken, ActivationTokenExpired, CallerNotFound],
  },
  async ({ body, caller, db, emit }) => {
    const { userId, sessionId } = caller;
    await lockCaller(db, caller);
    const candidate = await candidateOf(db, { userId, sessionId }, tokenHash(body.activation_token));
    if (!candidate) throw InvalidActivationToken();
    if (candidate.expired) throw ActivationTokenExpired();
    await removeCandidate(db, candidate.id);
    await emit(deviceSkipped, {
      aggregateId: candidate.id,
      organizationId: null,
      data: { user_id: userId, device_id: candidate.id, device_name: candidate.device_name },
    });
    return { success: true } as const;
  },
);
