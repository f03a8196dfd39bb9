import { TokenBundle } from '@rivergate/contracts';
import { error, IpNotAllowed, reply, SsoRequired } from '@rivergate/endpoint';
import { sessionRefreshed, sessionRefreshReused } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireAdmitted } from '../organizations/admission.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';
import { endSessions } from './end-sessions.ts';
import { findPlace } from './find-place.ts';
import { rotateRefreshToken } from './refresh-token-store.ts';

export const InvalidRefreshToken = error(
  'INVALID_TOKEN',
  401,
  'This refresh token is not valid; log in again',
);

export const RefreshToken = z.string().min(1).max(512);

export const refresh = endpoint(
  {
    operation: 'refreshTokens',
    method: 'post',
    path: '/auth/refresh',
    summary: 'Trade the refresh token for a new pair',
    caller: 'token',
    body: z.object({ refresh_token: RefreshToken }),
    answer: TokenBundle,
    errors: [InvalidRefreshToken, IpNotAllowed, SsoRequired],
    idempotency: { seconds: 60, spends: 'body.refresh_token' },
  },
  async ({ body, request, db, emit, call, knex, keys, settings }) => {
    const next = oneTimeToken();
    const rotation = await rotateRefreshToken(db, tokenHash(body.refresh_token), tokenHash(next));

    if (rotation.state === 'invalid') return InvalidRefreshToken();
    if (rotation.state === 'overdue') {
      const { sessionId, userId } = rotation;
      await endSessions({ db, emit }, { userId, sessionId }, 'organization_settings');
      return InvalidRefreshToken();
    }
    if (rotation.state === 'reused') {
      const { sessionId, userId } = rotation;
      await emit(sessionRefreshReused, {
        aggregateId: sessionId,
        userId,
        data: { session_id: sessionId, user_id: userId },
      });
      await endSessions({ db, emit }, { userId, sessionId }, 'refresh_token_reused');
      return InvalidRefreshToken();
    }

    const { session } = rotation;
    // What is thrown spends nothing: the token is good again where the organization admits it.
    await requireAdmitted(db, {
      userId: session.user_id,
      organizationId: session.organization_id,
      ip: request.ip,
      ssoOrganizationId: session.sso_organization_id,
    });
    await emit(sessionRefreshed, {
      aggregateId: session.id,
      organizationId: session.organization_id,
      userId: session.user_id,
      data: { session_id: session.id, user_id: session.user_id },
    });
    const bundle = tokenBundle({ keys, settings }, session, next);
    if (session.organization_id !== null) return bundle;

    return reply(bundle, {
      async finish() {
        return tokenBundle({ keys, settings }, await findPlace({ call, knex, request }, session), next);
      },
    });
  },
);
