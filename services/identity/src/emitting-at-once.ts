import { projectAccess } from '@rivergate/caller';
import type { CloudEvent, ConsumerTools } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';

/** The tools of a consumer, of which every event takes effect at the gateway right after the commit. */
export function emittingAtOnce(redis: RedisClient, tools: ConsumerTools): ConsumerTools {
  const { db, log } = tools;
  const emitted: CloudEvent[] = [];
  // The gateway hears of it from the event log too; this is only sooner.
  db.executionPromise
    ?.then(() => Promise.all(emitted.map(event => projectAccess(redis, event))))
    .catch(cause => log.warn({ err: cause }, 'Events were left to the event log'));
  return {
    ...tools,
    async emit(declaration, emission) {
      const event = await tools.emit(declaration, emission);
      emitted.push(event);
      return event;
    },
  };
}
