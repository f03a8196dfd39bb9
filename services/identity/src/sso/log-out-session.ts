import { logOutSession as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { endSessions } from '../sessions/end-sessions.ts';

export const logOutSession = endpoint(spec, async ({ caller: { userId, sessionId }, db, emit }) => {
  const ended = await endSessions({ db, emit }, { userId, sessionId }, 'logout');
  return { ended: ended > 0 };
});
