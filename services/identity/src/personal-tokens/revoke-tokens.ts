import { tokenRevoked } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { markRevoked, type WhichTokens } from './token-store.ts';

export type RevokeReason = 'revoked' | 'member_removed' | 'user_erased' | 'disowned';

/** The part of a handler's, or a consumer's, `emit` that is needed here. */
type EmitRevoked = (
  declaration: typeof tokenRevoked,
  fact: { aggregateId: number; organizationId: number | null; data: z.input<(typeof tokenRevoked)['data']> },
) => Promise<unknown>;

/** @returns how many were not revoked until now */
export async function revokeTokens(
  { db, emit }: { db: Knex.Transaction; emit: EmitRevoked },
  which: WhichTokens,
  reason: RevokeReason,
): Promise<number> {
  const revoked = await markRevoked(db, which, reason);
  for (const { id, user_id, organization_id, token_hash } of revoked) {
    await emit(tokenRevoked, {
      aggregateId: id,
      organizationId: organization_id,
      data: { token_id: id, user_id, organization_id, token_hash, reason },
    });
  }
  return revoked.length;
}
