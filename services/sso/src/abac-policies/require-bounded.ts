import type { AttributePolicy, Condition } from '@rivergate/caller';
import { ValidationFailed } from '@rivergate/endpoint';

/** Groups and comparisons of all policies of an organization: each request may come to all of them. */
const MOST_PARTS = 200;

/**
 * @param field what was sent that makes them so many
 * @throws ValidationFailed where the policies are more than a request should wait for
 */
export function requireBounded(policies: readonly AttributePolicy[], field: string): void {
  if (policies.reduce((sum, { condition }) => sum + partsOf(condition), 0) <= MOST_PARTS) return;
  const reason = `would make the conditions of all policies have more than ${MOST_PARTS} parts together`;
  throw ValidationFailed(undefined, [{ field, code: 'too_big', reason }]);
}

function partsOf(condition: Condition): number {
  if ('not' in condition) return 1 + partsOf(condition.not);
  const parts = 'all' in condition ? condition.all : 'any' in condition ? condition.any : [];
  return parts.reduce((sum, part) => sum + partsOf(part), 1);
}
