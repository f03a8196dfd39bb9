import type { Emit } from '@rivergate/endpoint';
import { deviceRevoked } from '@rivergate/events';
import type { Knex } from 'knex';
import { removeDevices, type WhichDevices } from './device-store.ts';

export type RevokeReason =
  | 'revoked'
  | 'mfa_disabled'
  | 'password_changed'
  | 'password_reset'
  /** Its user says that somebody else opened the session. */
  | 'disowned';

/** @returns how many were trusted until now */
export async function revokeDevices(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  which: WhichDevices,
  reason: RevokeReason,
): Promise<number> {
  const removed = await removeDevices(db, which);
  for (const { id, device_name } of removed) {
    await emit(deviceRevoked, {
      aggregateId: id,
      organizationId: null,
      // Who resets a password is not signed in.
      userId: which.userId,
      data: { user_id: which.userId, device_id: id, device_name, reason },
    });
  }
  return removed.length;
}
