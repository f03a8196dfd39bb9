import { consumer, on, sessionRevoked } from '@rivergate/events';
import { forgetLogin } from '../logins/login-store.ts';

/** What is kept of a session for single logout goes with it, however it ends. */
export const endedSessions = consumer({
  name: 'ended-sessions',
  on: [
    on(sessionRevoked, async ({ data: { sso } }, { db }) => {
      if (sso) await forgetLogin(db, sso.login_id);
    }),
  ],
});
