import { reply } from '@rivergate/endpoint';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { InvalidRefreshToken, RefreshToken } from '../sessions/refresh.ts';
import { forgetSecret, keepSession } from './browser-session-store.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

export const keepBrowserSession = endpoint(
  {
    operation: 'keepBrowserSession',
    method: 'put',
    path: '/auth/browser-session',
    summary: 'Keep this session in the browser, for the pages of the platform',
    description:
      'Sets the cookie. It needs an unused refresh token of the session beside the access token, and leaves it as it is: ' +
      'an access token alone must not become something that lasts longer. A session of another user that this browser ' +
      'kept until now is ended.',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    body: z.object({ refresh_token: RefreshToken }),
    cookies: SESSION_COOKIE,
    status: 204,
    errors: [InvalidRefreshToken],
    idempotency: false,
  },
  async ({ caller, body, cookies, db, emit }) => {
    const secret = oneTimeToken();
    const { userId, sessionId } = caller;
    const proof = { sessionId, refreshTokenHash: tokenHash(body.refresh_token) };
    if (!(await keepSession(db, proof, tokenHash(secret)))) throw InvalidRefreshToken();
    // Always another secret: one that was in the browser before the sign-in opens nothing after it.
    const before = cookies.session && (await forgetSecret(db, tokenHash(cookies.session)));
    if (before && before.userId !== userId) await endSessions({ db, emit }, before, 'logout');
    return reply(undefined, { cookies: { session: secret } });
  },
);
