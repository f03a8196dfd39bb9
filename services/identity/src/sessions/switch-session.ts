import { SessionNotFound, switchSession as spec } from '@rivergate/contracts';
import { sessionMoved } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { lockAccount } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';
import { holdRefreshTokens, replaceRefreshToken } from './refresh-token-store.ts';
import { placeSession } from './session-store.ts';

/** Asked by organization on behalf of a member. The refresh token before becomes invalid. */
export const switchSession = endpoint(spec, async ({ caller, body, db, emit, keys, settings }) => {
  const { userId, sessionId, organizationId } = caller;
  const place = { organization_id: organizationId, workspace_id: body.workspace_id };
  // In the order of those who end sessions of an account: it is noted at the account where the next one starts.
  await holdRefreshTokens(db, sessionId);
  await lockAccount(db, userId);
  const session = await placeSession(db, { id: sessionId, user_id: userId }, place);
  if (!session)
    throw SessionNotFound('This session has ended, or is too old for the organization; log in again');

  const refreshToken = oneTimeToken();
  await replaceRefreshToken(db, session.id, tokenHash(refreshToken));
  await emit(sessionMoved, {
    aggregateId: session.id,
    data: { session_id: session.id, user_id: session.user_id, workspace_id: session.workspace_id },
  });
  return tokenBundle({ keys, settings }, session, refreshToken);
});
