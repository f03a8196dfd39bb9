import type { AttributePolicy, Condition } from '@rivergate/caller';
import { AbacPolicyNotFound, MOST_POLICIES, TooManyAbacPolicies } from '../policy.ts';
import { decidingPolicies, type PolicyChange, type PolicyRow } from '../policy-store.ts';
import { requireBounded } from '../require-bounded.ts';

/** Stands for the id of a policy that has none yet. */
export const NOT_MADE = 0;

/** What is tried: to make a policy, to change one, or to delete one. */
export interface Planned {
  policy_id?: number | undefined;
  policy?: (Omit<PolicyChange, 'condition'> & { condition: Condition }) | undefined;
}

/**
 * The policies as they would be, in the order in which they would be asked.
 *
 * @param rows as they are
 * @throws AbacPolicyNotFound, TooManyAbacPolicies, ValidationFailed as the change itself would
 */
export function plannedPolicies(
  rows: readonly PolicyRow[],
  { policy_id: id, policy }: Planned,
): AttributePolicy[] {
  const changed = rows.find(row => row.id === id);
  if (id !== undefined && !changed) throw AbacPolicyNotFound();
  if (id === undefined && rows.length >= MOST_POLICIES) throw TooManyAbacPolicies();
  const others = rows.filter(row => row !== changed);
  if (policy === undefined) return decidingPolicies(others);
  const { condition, ...text } = policy;
  const planned = { ...text, condition: { ...condition }, id: id ?? NOT_MADE, revision: 0 };
  // A stable sort: of those with the same priority the oldest stays first, and the new one is last.
  const all = [...others, planned].sort(
    (one, other) => one.priority - other.priority || ageOf(one) - ageOf(other),
  );
  const policies = decidingPolicies(all);
  requireBounded(policies, 'body.policy.condition');
  return policies;
}

const ageOf = ({ id }: { id: number }) => (id === NOT_MADE ? Number.MAX_SAFE_INTEGER : id);
