import { readAccess, type SessionState } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Owners } from '@rivergate/service';
import type { OpenConnections } from '../forwarding/open-connections.ts';

/** Milliseconds between two looks at the sessions that hold something open. */
const INTERVAL = 500;

/**
 * Closes the WebSockets and streams of revoked sessions. They outlive the decision that let them in, so it is made again
 * for as long as they are open, by every gateway for its own: from Redis, and by identity where Redis does not know.
 *
 * @returns what stops watching
 */
export function watchSessions(
  redis: RedisClient,
  owners: Pick<Owners, 'session'>,
  connections: Pick<OpenConnections, 'sessions' | 'closeSession'>,
): () => void {
  const stateOf = async (sessionId: number): Promise<SessionState> => {
    const asked = { sessionId, userId: 0, organizationIds: [] };
    const access = await readAccess(redis, asked).catch(() => null);
    return access && access.session.state !== 'unknown' ? access.session : owners.session(sessionId);
  };
  const look = async (sessionId: number) => {
    if ((await stateOf(sessionId)).state === 'revoked') connections.closeSession(sessionId);
  };
  const timer = setInterval(() => {
    for (const sessionId of connections.sessions()) look(sessionId).catch(() => {});
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
