import {
  consumer,
  memberChanged,
  memberRemoved,
  memberStatusChanged,
  on,
  roleAssigned,
  roleChanged,
  roleDeleted,
  roleWithdrawn,
  workspaceDeleted,
} from '@rivergate/events';
import type { Resources } from '@rivergate/service';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endImpersonations } from '../sessions/end-sessions.ts';
import { openIn } from './impersonation-store.ts';
import { isAllowed } from './rights.ts';

/**
 * Ends for good what the rights of the two do not allow any more. The gateway refuses it before, with the first request
 * after the change; by this it stays refused when the change is taken back.
 */
export function impersonationsOfChangedRights({ redis, call }: Pick<Resources, 'redis' | 'call'>) {
  return consumer({
    name: 'impersonations-of-changed-rights',
    on: [
      memberChanged,
      memberRemoved,
      memberStatusChanged,
      roleChanged,
      roleDeleted,
      roleAssigned,
      roleWithdrawn,
      workspaceDeleted,
    ].map(declaration =>
      on(declaration, async ({ organizationid }, tools) => {
        for (const open of await openIn(tools.db, Number(organizationid)))
          if (!(await isAllowed(call, open)))
            await endImpersonations(emittingAtOnce(redis, tools), { id: open.id }, 'right_lost');
      }),
    ),
  });
}
