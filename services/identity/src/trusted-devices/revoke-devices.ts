import type { Emit } from '@rivergate/endpoint';
import { deviceRevoked } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { removeDevices, removeOverdue, type WhichDevices } from './device-store.ts';

export type RevokeReason =
  | 'revoked'
  | 'revoked_by_administrator'
  | 'mfa_disabled'
  | 'password_changed'
  | 'password_reset'
  /** Its user says that somebody else opened the session. */
  | 'disowned';

/**
 * @param organizationId whose administrator does it, and whose audit log tells of it; null for the user's own doing
 * @returns how many were trusted until now
 */
export async function revokeDevices(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  which: WhichDevices,
  reason: RevokeReason,
  organizationId: number | null = null,
): Promise<number> {
  const removed = await removeDevices(db, which);
  for (const { id, device_name, session_ids } of removed) {
    await emit(deviceRevoked, {
      aggregateId: id,
      organizationId,
      // Who resets a password is not signed in.
      ...(organizationId === null ? { userId: which.userId } : {}),
      data: { user_id: which.userId, device_id: id, device_name, session_ids, reason },
    });
  }
  return removed.length;
}

/** The part of a consumer's tools that is needed here. */
interface OverdueTools {
  db: Knex.Transaction;
  emit(
    declaration: typeof deviceRevoked,
    fact: {
      aggregateId: number;
      organizationId: null;
      data: z.input<(typeof deviceRevoked)['data']>;
    },
  ): Promise<unknown>;
}

/** Ends trust that the settings of an organization do not allow its members any longer. */
export async function revokeOverdueDevices(
  { db, emit }: OverdueTools,
  organizationId: number,
): Promise<void> {
  for (const { id, user_id, device_name, session_ids } of await removeOverdue(db, organizationId)) {
    await emit(deviceRevoked, {
      aggregateId: id,
      organizationId: null,
      data: { user_id, device_id: id, device_name, session_ids, reason: 'organization_settings' },
    });
  }
}
