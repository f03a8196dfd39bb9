import { type AttributePolicy, attributesOf, decidingPolicy, type Principal } from '@rivergate/caller';
import { ValidationFailed } from '@rivergate/endpoint';

/** What whoever changes policies has to be able to do after the change: to see them, and to take it back. */
const WAY_BACK = [
  { method: 'get', operation: 'listAbacPolicies', caller: 'admin' },
  { method: 'post', operation: 'createAbacPolicy', caller: 'admin' },
  { method: 'put', operation: 'updateAbacPolicy', caller: 'admin' },
  { method: 'delete', operation: 'deleteAbacPolicy', caller: 'admin' },
] as const;

/**
 * What of the way back the policies would deny the caller, as they ask now; null where nothing. Who administers the platform
 * is kept out by no policy.
 */
export function closedWayBack(
  policies: readonly AttributePolicy[],
  principal: Principal,
): { policy: AttributePolicy; operation: string } | null {
  if (principal.isSystemAdmin) return null;
  for (const operation of WAY_BACK) {
    const policy = decidingPolicy(policies, attributesOf({ principal, operation }));
    if (policy?.effect === 'deny') return { policy, operation: operation.operation };
  }
  return null;
}

/**
 * Nobody locks themselves out.
 *
 * @param field what was sent that would do it
 * @throws ValidationFailed where the policies would deny the caller the way back
 */
export function requireWayBack(
  policies: readonly AttributePolicy[],
  principal: Principal,
  field: string,
): void {
  const closed = closedWayBack(policies, principal);
  if (closed === null) return;
  const reason = `would lock you out: "${closed.policy.name}" would deny you ${closed.operation}`;
  throw ValidationFailed(undefined, [{ field, code: 'not_allowed', reason }]);
}
