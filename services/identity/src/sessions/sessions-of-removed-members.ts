import { projectAccess } from '@rivergate/caller';
import {
  type CloudEvent,
  type ConsumerTools,
  consumer,
  memberRemoved,
  memberStatusChanged,
  on,
} from '@rivergate/events';
import type { Redis } from 'ioredis';
import { forgetPlace } from '../accounts/account-store.ts';
import { type EndReason, endSessions } from './end-sessions.ts';
import type { WhichSessions } from './session-store.ts';

/**
 * Who is removed from an organization is logged out everywhere; who is suspended in it, out of that organization.
 * Neither starts there the next time.
 */
export function sessionsOfRemovedMembers({ redis }: { redis: Redis }) {
  async function end(tools: ConsumerTools, which: WhichSessions, reason: EndReason): Promise<void> {
    const { db, emit, log } = tools;
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

  return consumer({
    name: 'sessions-of-removed-members',
    on: [
      on(memberRemoved, async ({ data: { user_id: userId, organization_id: organizationId } }, tools) => {
        await forgetPlace(tools.db, userId, organizationId);
        await end(tools, { userId }, 'member_removed');
      }),
      on(memberStatusChanged, async ({ data }, tools) => {
        if (data.status !== 'suspended') return;
        const { user_id: userId, organization_id: organizationId } = data;
        await forgetPlace(tools.db, userId, organizationId);
        await end(tools, { userId, organizationId }, 'member_suspended');
      }),
    ],
  });
}
