import { accessTopics, projectAccess } from '@rivergate/caller';
import type { EventLog } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';

/**
 * Follows the event log and brings the access state up to date. The emitting service has done so right after its
 * commit; this repairs what a crash or an outage of Redis between the two has left behind.
 *
 * @returns what stops following
 */
export async function followAccess(
  eventLog: Pick<EventLog, 'subscribe'>,
  redis: RedisClient,
): Promise<() => Promise<void>> {
  const subscription = await eventLog.subscribe({
    group: 'gateway',
    topics: [...accessTopics],
    handle: async event => void (await projectAccess(redis, event)),
  });
  return () => subscription.stop();
}
