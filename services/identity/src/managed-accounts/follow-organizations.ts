import { Failure } from '@rivergate/endpoint';
import {
  accountDeprovisioned,
  accountReleased,
  accountVouched,
  type ConsumerTools,
  consumer,
  memberAdded,
  on,
  organizationDeleted,
  userStatusChanged,
} from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { endManagement, isManagedBy, lockedManagedRow, setDisabled } from './managed-account-store.ts';
import { vouch } from './vouch.ts';

/**
 * Keeps managed accounts in step with memberships. Whoever joins another organization has an account of their own from then
 * on, and so has everybody when the organization is gone: then nobody is left who could enable one that is disabled.
 */
export function followOrganizations({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'managed-accounts',
    on: [
      on(accountVouched, async ({ data: { user_id: userId, organization_id: organizationId } }, tools) => {
        try {
          await vouch(tools, { userId, organizationId });
        } catch (cause) {
          // Its owner has verified it, or signed up in its place.
          if (!(cause instanceof Failure)) throw cause;
        }
      }),
      on(accountDeprovisioned, async ({ data }, tools) => {
        const { user_id: userId, organization_id: organizationId } = data;
        const row = await lockedManagedRow(tools.db, userId);
        if (!row || !isManagedBy(row, organizationId) || row.disabled_at !== null) return;
        await setDisabled(tools.db, userId, true);
        await tellStatus(tools, userId, organizationId, 'suspended');
        await endSessions(emittingAtOnce(redis, tools), { userId }, 'account_disabled', organizationId);
      }),
      on(memberAdded, async ({ data }, tools) => {
        if (data.is_personal) return;
        await release(tools, { userId: data.user_id, exceptBy: data.organization_id });
      }),
      on(organizationDeleted, ({ data }, tools) => release(tools, { organizationId: data.organization_id })),
    ],
  });
}

async function release(tools: ConsumerTools, which: Parameters<typeof endManagement>[1]): Promise<void> {
  for (const { id, organization_id, disabled } of await endManagement(tools.db, which)) {
    const data = { user_id: id, organization_id };
    await tools.emit(accountReleased, { aggregateId: id, organizationId: organization_id, data });
    if (!disabled) continue;
    await setDisabled(tools.db, id, false);
    await tellStatus(tools, id, organization_id, 'active');
  }
}

async function tellStatus(
  { emit }: ConsumerTools,
  userId: number,
  organizationId: number,
  status: 'active' | 'suspended',
): Promise<void> {
  await emit(userStatusChanged, { aggregateId: userId, organizationId, data: { user_id: userId, status } });
}
