import { projectAccess } from '@rivergate/caller';
import { type CloudEvent, consumer, memberRemoved, on } from '@rivergate/events';
import type { Redis } from 'ioredis';
import { forgetPlace } from '../accounts/account-store.ts';
import { endSessions } from './end-sessions.ts';

/** Who is removed from an organization is logged out everywhere, and does not start there again. */
export function sessionsOfRemovedMembers({ redis }: { redis: Redis }) {
  return consumer({
    name: 'sessions-of-removed-members',
    on: [
      on(memberRemoved, async ({ data }, { db, emit, log }) => {
        const ended: CloudEvent[] = [];
        const remember: typeof emit = async (declaration, emission) => {
          const event = await emit(declaration, emission);
          ended.push(event);
          return event;
        };
        await forgetPlace(db, data.user_id, data.organization_id);
        await endSessions({ db, emit: remember }, { userId: data.user_id }, 'member_removed');
        // The gateway hears of it from the event log too; this is only sooner.
        db.executionPromise
          ?.then(() => Promise.all(ended.map(event => projectAccess(redis, event))))
          .catch(cause => log.warn({ err: cause }, 'Ended sessions were left to the event log'));
      }),
    ],
  });
}
