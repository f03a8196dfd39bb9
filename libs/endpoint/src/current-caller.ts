import type { Principal } from '@rivergate/caller';
import type { Knex } from 'knex';
import { entitled, hasRights, type PartsRead } from './authorize.ts';
import { isSafe } from './required-scope.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointSpec } from './spec.ts';

/**
 * Milliseconds for which a decision about rights is as good as new. Half of the second within which a withdrawn right
 * must be without effect: the other half is for the way from the gateway, which neither side can measure.
 */
const AS_GOOD_AS_NEW = 500;

/**
 * The caller for whom a transaction opens. A write whose decision has waited, for its body, for slow work or for a
 * connection to the database, is decided again: what was allowed when it came may no longer be. Where memberships are owned,
 * every write that takes a right is decided behind the lock of its organization: of two changes that come together, the
 * second is made by whoever may still make it after the first.
 *
 * @param decidedAt milliseconds, monotonic
 * @throws Unauthorized, OrganizationNotFound, Forbidden as the first decision would, UpstreamUnavailable
 */
export async function currentCaller(
  spec: EndpointSpec,
  runtime: Pick<Runtime, 'standing' | 'lockedStanding'>,
  request: { caller: Principal; decidedAt: number; parts: PartsRead },
  db: Knex.Transaction,
): Promise<Principal> {
  const { caller, parts } = request;
  if (isSafe(spec)) return caller;
  const found = isOld(spec, request)
    ? entitled(spec, await runtime.standing(caller, db, spec), parts)
    : caller;
  if (!runtime.lockedStanding || !takesRight(spec) || found.organizationId === null) return found;
  return entitled(spec, await runtime.lockedStanding(found, db), parts);
}

const takesRight = ({ caller }: EndpointSpec) => caller === 'admin' || caller.startsWith('perm:');

/** Whether a decision has to be made again. Nothing is withdrawn from who has no rights. */
export function isOld(
  spec: EndpointSpec,
  { caller, decidedAt }: { caller: Principal; decidedAt: number },
): boolean {
  return hasRights(spec, caller) && performance.now() - decidedAt > AS_GOOD_AS_NEW;
}
