import { userRemoved } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { deleteUnverifiedAccount } from './account-store.ts';

/** Why an account ended that was never verified. */
export type RemovalReason =
  | 'replaced_by_signup'
  /** The owner of the mailbox proved to be somebody else: by the mailed link and a password, or from another account. */
  | 'claimed_by_mailbox'
  /** The organization that it was made for did not come to be. */
  | 'withdrawn'
  | 'never_verified';

/** The part of a handler's, or a schedule's, `emit` that is needed here. */
type EmitRemoved = (
  declaration: typeof userRemoved,
  fact: { aggregateId: number; organizationId: null; data: z.input<(typeof userRemoved)['data']> },
) => Promise<unknown>;

/**
 * Removes an account that nobody has verified, with its password, codes, links and tokens. The event ends what the
 * account founded elsewhere.
 *
 * @returns false when it is verified by now, or gone
 */
export async function removeUnverified(
  { db, emit }: { db: Knex.Transaction; emit: EmitRemoved },
  userId: number,
  reason: RemovalReason,
): Promise<boolean> {
  if (!(await deleteUnverifiedAccount(db, userId))) return false;
  await emit(userRemoved, { aggregateId: userId, organizationId: null, data: { user_id: userId, reason } });
  return true;
}
