import { HOLDERS_OF_PERSONAL_DATA } from '@rivergate/contracts';
import { userErasureRequested } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Work } from '../endpoint.ts';
import { insertErasure } from './erasure-store.ts';

/**
 * Has every service erase what it holds on a user, once the transaction is committed: this one too. The user is no member
 * any more where it takes effect.
 *
 * @param organizationId only what belongs to it; null: the account, in every organization
 */
export async function requestErasure(
  { db, emit }: Work,
  { userId, organizationId }: { userId: number; organizationId: number | null },
): Promise<{ receipt: string; requested_at: Date }> {
  const receipt = oneTimeToken();
  const { id, requested_at } = await insertErasure(db, {
    organization_id: organizationId,
    user_id: userId,
    services: [...HOLDERS_OF_PERSONAL_DATA],
    receipt_hash: tokenHash(receipt),
  });
  const data = { erasure_id: id, user_id: userId, organization_id: organizationId };
  await emit(userErasureRequested, { aggregateId: userId, organizationId, data });
  return { receipt, requested_at };
}
