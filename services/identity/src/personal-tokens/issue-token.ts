import type { Scope } from '@rivergate/caller';
import type { Emit } from '@rivergate/endpoint';
import { tokenCreated } from '@rivergate/events';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { lockCaller } from '../second-factors/lock-caller.ts';
import { insertToken, type NewToken } from './token-store.ts';

/**
 * Makes a token of the caller. Its plain value is in the answer and nowhere else.
 *
 * @throws CallerNotFound
 */
export async function issueToken(
  { db, emit }: { db: Knex.Transaction; emit: Emit },
  { userId, sessionId }: { userId: number; sessionId: number },
  wanted: { name: string; scopes: readonly Scope[]; expires_in_days?: number | undefined },
  place: NewToken['place'],
) {
  await lockCaller(db, { userId, sessionId });
  const token = prefixedToken('pat');
  const { last_used_at: _, ...created } = await insertToken(db, {
    hash: tokenHash(token),
    userId,
    sessionId,
    name: wanted.name,
    scopes: [...new Set(wanted.scopes)],
    seconds: wanted.expires_in_days === undefined ? null : wanted.expires_in_days * 86_400,
    place,
  });
  const { id, name, scopes, organization_id, expires_at } = created;
  await emit(tokenCreated, {
    aggregateId: id,
    organizationId: organization_id,
    data: {
      token_id: id,
      user_id: userId,
      organization_id,
      name,
      scopes,
      expires_at: expires_at.toISOString(),
    },
  });
  return { ...created, token };
}
