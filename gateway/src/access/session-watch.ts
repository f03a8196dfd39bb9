import { readAccess } from '@rivergate/caller';
import type { Redis } from 'ioredis';
import type { OpenSockets } from '../forwarding/open-sockets.ts';

/** Milliseconds between two looks at the sessions that hold WebSockets open. */
const INTERVAL = 500;

/**
 * Closes the WebSockets of revoked sessions. They outlive the decision that let them in, so it is made again for as
 * long as they are open, by every gateway for its own.
 *
 * @returns what stops watching
 */
export function watchSessions(
  redis: Redis,
  sockets: Pick<OpenSockets, 'sessions' | 'closeSession'>,
): () => void {
  const look = async (sessionId: number) => {
    const { session } = await readAccess(redis, { sessionId, userId: 0, organizationIds: [] });
    if (session.state === 'revoked') sockets.closeSession(sessionId);
  };
  const timer = setInterval(() => {
    if (redis.status !== 'ready') return;
    for (const sessionId of sockets.sessions()) look(sessionId).catch(() => {});
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
