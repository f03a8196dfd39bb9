import type { Emit } from '@rivergate/endpoint';
import { sessionChanged, totpDeviceRemoved } from '@rivergate/events';
import type { Knex } from 'knex';
import { mfaRequiredFrom } from '../organizations/policy-store.ts';
import { activeSessions } from '../sessions/session-store.ts';
import { dropCodesMadeIn } from './backup-code-store.ts';
import type { Method } from './method.ts';
import { isEmailOnSince, methodsOf } from './methods.ts';
import { dropEmailSetup, dropTotpSetup } from './pending-setup-store.ts';
import { devicesMadeIn, removeTotpDevice, totpDevicesOf } from './totp-device-store.ts';
import { dropMethods } from './turn-off.ts';

export type WithdrawnFactor = 'authenticator' | 'mail_codes' | 'backup_codes';

/**
 * Ends second factors that were set up in sessions, and setups that wait for their code. Whom an organization requires to have
 * one sets it up anew. The caller holds the account's row.
 *
 * @returns what there was
 */
export async function withdrawSecondFactors(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  userId: number,
  sessionIds: readonly number[],
): Promise<WithdrawnFactor[]> {
  await dropTotpSetup(db, userId);
  await dropEmailSetup(db, userId);
  const devices = await devicesMadeIn(db, userId, sessionIds);
  const [hadCodes, byMail] = [
    await dropCodesMadeIn(db, userId, sessionIds),
    await isEmailOnSince(db, userId, sessionIds),
  ];
  for (const { id, device_name } of devices) {
    await removeTotpDevice(db, userId, id);
    const data = { user_id: userId, device_id: id, device_name };
    await emit(totpDeviceRemoved, { aggregateId: id, organizationId: null, userId, data });
  }
  const off: Method[] = [
    ...(devices.length > 0 && (await totpDevicesOf(db, userId)).length === 0 ? (['totp'] as const) : []),
    ...(byMail ? (['email_otp'] as const) : []),
  ];
  if (off.length > 0) await dropMethods({ db, emit }, userId, off);
  if (off.length > 0 && (await methodsOf(db, userId)).length === 0 && (await mfaRequiredFrom(db, userId))) {
    for (const { id } of await activeSessions(db, userId, null)) {
      const data = { session_id: id, user_id: userId };
      await emit(sessionChanged, { aggregateId: id, organizationId: null, userId, data });
    }
  }
  return [
    ...(devices.length > 0 ? (['authenticator'] as const) : []),
    ...(byMail ? (['mail_codes'] as const) : []),
    ...(hadCodes ? (['backup_codes'] as const) : []),
  ];
}
