import { projectAccess } from '@rivergate/caller';
import type { CloudEvent, ConsumerTools } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { type EndReason, endSessions } from './end-sessions.ts';
import type { WhichSessions } from './session-store.ts';

/** Ends sessions because of an event, and tells the gateway right after the commit. */
export async function endSessionsAtOnce(
  redis: RedisClient,
  { db, emit, log }: ConsumerTools,
  which: WhichSessions,
  reason: EndReason,
): Promise<void> {
  const ended: CloudEvent[] = [];
  const remember: typeof emit = async (declaration, emission) => {
    const event = await emit(declaration, emission);
    ended.push(event);
    return event;
  };
  await endSessions({ db, emit: remember }, which, reason);
  // The gateway hears of it from the event log too; this is only sooner.
  db.executionPromise
    ?.then(() => Promise.all(ended.map(event => projectAccess(redis, event))))
    .catch(cause => log.warn({ err: cause }, 'Ended sessions were left to the event log'));
}
