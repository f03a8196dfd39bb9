import { attributesOf, decidingPolicy, type Principal } from '@rivergate/caller';
import { ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { decidingPolicies, policiesInOrder } from './policy-store.ts';

/** What whoever changes policies has to be able to do after the change: to see them, and to take it back. */
const WAY_BACK = [
  { method: 'get', operation: 'listAbacPolicies', caller: 'admin' },
  { method: 'post', operation: 'createAbacPolicy', caller: 'admin' },
  { method: 'put', operation: 'updateAbacPolicy', caller: 'admin' },
  { method: 'delete', operation: 'deleteAbacPolicy', caller: 'admin' },
] as const;

/**
 * Nobody locks themselves out. Who administers the platform is kept out by no policy.
 *
 * @param field what was sent that would do it
 * @throws ValidationFailed where the policies as they are in the transaction would deny the caller the way back
 */
export async function requireWayBack(
  db: Knex.Transaction,
  principal: Principal & { organizationId: number },
  field: string,
): Promise<void> {
  if (principal.isSystemAdmin) return;
  const policies = decidingPolicies(await policiesInOrder(db, principal.organizationId));
  for (const operation of WAY_BACK) {
    const deciding = decidingPolicy(policies, attributesOf({ principal, operation }));
    if (deciding?.effect !== 'deny') continue;
    const reason = `would lock you out: "${deciding.name}" would deny you ${operation.operation}`;
    throw ValidationFailed(undefined, [{ field, code: 'not_allowed', reason }]);
  }
}
