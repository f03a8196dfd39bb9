import { NotManaged, UserNotFound } from '@rivergate/contracts';
import { type EventDeclaration, userStatusChanged, userVerified } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { markVerified } from '../accounts/account-store.ts';
import { dropVerification } from '../signup/address-verification-store.ts';
import { isManagedBy, lockedManagedRow, setDisabled, takeOn } from './managed-account-store.ts';

/** The part of a handler's, or a consumer's, `emit` that is needed here. */
type EmitOf<Declaration extends EventDeclaration> = (
  declaration: Declaration,
  fact: { aggregateId: number; organizationId: number | null; data: z.input<Declaration['data']> },
) => Promise<unknown>;

/**
 * Verifies an account by the word of the organization for whose member it was made, and enables one that the organization
 * manages. Whoever has proved the mailbox meanwhile keeps the account.
 *
 * @throws UserNotFound, NotManaged
 */
export async function vouch(
  {
    db,
    emit,
  }: { db: Knex.Transaction; emit: EmitOf<typeof userVerified> & EmitOf<typeof userStatusChanged> },
  { userId, organizationId }: { userId: number; organizationId: number },
): Promise<void> {
  const row = await lockedManagedRow(db, userId);
  if (!row) throw UserNotFound();
  const fact = { aggregateId: userId, organizationId };
  if (row.verified_at === null && row.made_for_member) {
    if (row.managed_by !== null && row.managed_by !== organizationId) throw NotManaged();
    const { email, display_name } = await takeOn(db, userId, organizationId);
    await dropVerification(db, userId);
    await markVerified(db, userId);
    await emit(userVerified, { ...fact, data: { user_id: userId, email, display_name } });
    return;
  }
  if (!isManagedBy(row, organizationId)) throw NotManaged();
  if (row.disabled_at === null) return;
  await setDisabled(db, userId, false);
  await emit(userStatusChanged, { ...fact, data: { user_id: userId, status: 'active' } });
}
