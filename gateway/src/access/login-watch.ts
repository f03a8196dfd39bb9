import { hasExpired, type Login, type LoginState, readAccess } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Owners } from '@rivergate/service';
import type { OpenConnections } from '../forwarding/open-connections.ts';

/** Milliseconds between two looks at the sessions and tokens that hold something open. */
const INTERVAL = 500;

/**
 * Closes the WebSockets and streams of revoked sessions and tokens. They outlive the decision that let them in, so it is made again
 * for as long as they are open, by every gateway for its own: from Redis, and by the owner where Redis does not know.
 *
 * @returns what stops watching
 */
export function watchLogins(
  redis: RedisClient,
  owners: Pick<Owners, 'session' | 'token'>,
  connections: Pick<OpenConnections, 'logins' | 'closeLogin'>,
): () => void {
  const stateOf = async (login: Login): Promise<LoginState | null> => {
    const asked = { ...login, members: [] };
    const known = (await readAccess(redis, asked).catch(() => null))?.session;
    if (known && known.state !== 'unknown') return known;
    return 'sessionId' in login ? owners.session(login.sessionId) : owners.token(login, known?.seen);
  };
  const look = async (login: Login) => {
    const state = await stateOf(login);
    if (state?.state !== 'active' || hasExpired(state)) connections.closeLogin(login);
  };
  const timer = setInterval(() => {
    for (const login of connections.logins()) look(login).catch(() => {});
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
