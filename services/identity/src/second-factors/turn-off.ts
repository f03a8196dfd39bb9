import type { Emit } from '@rivergate/endpoint';
import { secondFactorDisabled } from '@rivergate/events';
import type { Knex } from 'knex';
import { mfaRequiredFrom } from '../organizations/policy-store.ts';
import { revokeDevices } from '../trusted-devices/revoke-devices.ts';
import { dropBackupCodes } from './backup-code-store.ts';
import { type Method, RequiredByOrganization } from './method.ts';
import { dropMethod, methodsOf } from './methods.ts';

/**
 * Turns methods off that are on. With the last one, MFA is off: backup codes and trusted devices go, too. The caller
 * holds the account's row.
 *
 * @throws RequiredByOrganization
 */
export async function turnOff(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  userId: number,
  methods: readonly Method[],
): Promise<void> {
  const left = (await methodsOf(db, userId)).filter(method => !methods.includes(method));
  if (left.length === 0 && (await mfaRequiredFrom(db, userId))) throw RequiredByOrganization();
  await dropMethods({ db, emit }, userId, methods);
}

/** The same, whatever an organization requires. */
export async function dropMethods(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  userId: number,
  methods: readonly Method[],
): Promise<void> {
  for (const method of methods) {
    await dropMethod(db, userId, method);
    await emit(secondFactorDisabled, {
      aggregateId: userId,
      organizationId: null,
      data: { user_id: userId, method },
    });
  }
  if ((await methodsOf(db, userId)).length > 0) return;
  await dropBackupCodes(db, userId);
  await revokeDevices({ db, emit }, { userId }, 'mfa_disabled');
}
