import type { Emit } from '@rivergate/endpoint';
import { sessionSteppedUp } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { holdRefreshTokens, replaceRefreshToken } from '../sessions/refresh-token-store.ts';
import { reauthenticateSession } from '../sessions/session-store.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';

type Tools = Pick<IdentityTools, 'keys' | 'settings'> & { db: Knex.Transaction; emit: Emit };

/**
 * The user of a session has proved anew to be there. The refresh token before becomes invalid: whoever has stolen it gets no
 * token by it that says so.
 *
 * @returns what a login answers; undefined when the session has ended
 */
export async function reauthenticate(
  { db, emit, keys, settings }: Tools,
  { id: userId, email, display_name }: Pick<Account, 'id' | 'email' | 'display_name'>,
  sessionId: number,
  authentication: { methods: readonly string[]; beside: boolean },
) {
  await holdRefreshTokens(db, sessionId);
  const session = await reauthenticateSession(db, { id: sessionId, user_id: userId }, authentication);
  if (!session) return undefined;
  const refreshToken = oneTimeToken();
  await replaceRefreshToken(db, session.id, tokenHash(refreshToken));
  await emit(sessionSteppedUp, {
    aggregateId: session.id,
    organizationId: session.organization_id,
    userId,
    data: { session_id: session.id, user_id: userId, methods: session.authentication_methods },
  });
  const bundle = tokenBundle({ keys, settings }, session, refreshToken);
  return { ...bundle, user_id: userId, email, display_name, is_verified: true as const };
}
