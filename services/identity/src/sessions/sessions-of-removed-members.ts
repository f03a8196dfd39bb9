import { consumer, memberRemoved, memberStatusChanged, on } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { forgetPlace } from '../accounts/account-store.ts';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endSessions } from './end-sessions.ts';

/**
 * Who is removed from an organization is logged out everywhere; who is suspended in it, out of that organization.
 * Neither starts there the next time.
 */
export function sessionsOfRemovedMembers({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'sessions-of-removed-members',
    on: [
      on(memberRemoved, async ({ data: { user_id: userId, organization_id: organizationId } }, tools) => {
        await forgetPlace(tools.db, userId, organizationId);
        await endSessions(emittingAtOnce(redis, tools), { userId }, 'member_removed');
      }),
      on(memberStatusChanged, async ({ data }, tools) => {
        if (data.status !== 'suspended') return;
        const { user_id: userId, organization_id: organizationId } = data;
        await forgetPlace(tools.db, userId, organizationId);
        await endSessions(emittingAtOnce(redis, tools), { userId, organizationId }, 'member_suspended');
      }),
    ],
  });
}
