import { type Test, testOf } from './policy-condition.ts';
import type { AttributePolicy, Attributes } from './policy-language.ts';

/** By the list: as long as that is known, it has not to be read again. */
const read = new WeakMap<readonly AttributePolicy[], readonly { policy: AttributePolicy; test: Test }[]>();

/**
 * The policy that decides: the first that is enforced and applies. Null where none does, and the request goes on as roles
 * allow.
 *
 * @param policies in the order in which they are asked
 * @param reported hears, of each policy in mode `report` that the search reaches, whether it applies
 */
export function decidingPolicy(
  policies: readonly AttributePolicy[],
  attributes: Attributes,
  reported?: (policy: AttributePolicy, applies: boolean) => void,
): AttributePolicy | null {
  let tests = read.get(policies);
  if (!tests) {
    tests = policies.map(policy => ({ policy, test: testOf(policy.condition) }));
    read.set(policies, tests);
  }
  for (const { policy, test } of tests) {
    if (policy.mode === 'report') reported?.(policy, test(attributes));
    else if (test(attributes)) return policy;
  }
  return null;
}
