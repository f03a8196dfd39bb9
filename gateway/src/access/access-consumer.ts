import { accessTopics, projectAccess } from '@rivergate/caller';
import { type EventLog, type EventLogEnvironment, eventLogFromEnv } from '@rivergate/events';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { OpenSockets } from '../forwarding/open-sockets.ts';

/**
 * Follows the event log and brings the access state up to date. The emitting service has done so right after its
 * commit; this repairs what a crash or an outage of Redis between the two has left behind, and ends the WebSockets
 * of revoked sessions.
 */
export async function followAccess(
  env: EventLogEnvironment,
  redis: Redis,
  sockets: OpenSockets,
  log: Logger,
): Promise<() => Promise<void>> {
  if (!env.KAFKA_BROKERS && !env.EVENT_LOG_URL) {
    log.warn('No event log is configured: the access state is kept by the services alone');
    return async () => {};
  }
  const eventLog: EventLog = eventLogFromEnv(env, log);
  const subscription = await eventLog.subscribe({
    group: 'gateway',
    topics: [...accessTopics],
    async handle(event) {
      if (event.type === 'identity.session.revoked') sockets.closeSession(Number(event.data.session_id));
      await projectAccess(redis, event);
    },
  });
  return async () => {
    await subscription.stop();
    await eventLog.close();
  };
}
