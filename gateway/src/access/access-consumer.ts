import { accessTopics, projectAccess } from '@rivergate/caller';
import type { EventLog } from '@rivergate/events';
import type { Redis } from 'ioredis';

/**
 * Follows the event log and brings the access state up to date. The emitting service has done so right after its
 * commit; this repairs what a crash or an outage of Redis between the two has left behind.
 *
 * @returns what stops following
 */
export async function followAccess(
  eventLog: Pick<EventLog, 'subscribe'>,
  redis: Redis,
): Promise<() => Promise<void>> {
  const subscription = await eventLog.subscribe({
    group: 'gateway',
    topics: [...accessTopics],
    handle: async event => void (await projectAccess(redis, event)),
  });
  return () => subscription.stop();
}
