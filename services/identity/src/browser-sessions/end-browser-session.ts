import { reply } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { endpoint } from '../endpoint.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { forgetSecret } from './browser-session-store.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

export const endBrowserSession = endpoint(
  {
    operation: 'endBrowserSession',
    method: 'post',
    path: '/auth/browser-session/end',
    summary: 'Sign out of this browser',
    description: 'Ends the session that it keeps, and clears the cookie. Without one nothing happens.',
    caller: 'token',
    cookies: SESSION_COOKIE,
    status: 204,
    idempotency: false,
  },
  async ({ cookies, db, emit }) => {
    const kept = cookies.session && (await forgetSecret(db, tokenHash(cookies.session)));
    if (kept) await endSessions({ db, emit }, kept, 'logout');
    return reply(undefined, { cookies: { session: null } });
  },
);
