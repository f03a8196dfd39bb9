import { mayImpersonate } from '@rivergate/caller';
import { UserNotFound } from '@rivergate/contracts';
import type { Call } from '@rivergate/endpoint';
import { askMembership } from '@rivergate/service';
import { ImpersonationRefused } from './impersonation.ts';

/** Who acts in whose name, and where. */
export interface Pair {
  organization_id: number;
  administrator_id: number;
  user_id: number;
}

/** Whether organization lets one of them act in the name of the other now. @throws UpstreamUnavailable */
export async function isAllowed(call: Call, pair: Pair): Promise<boolean> {
  const [administrator, member] = await membershipsOf(call, pair);
  return mayImpersonate(administrator, member);
}

/**
 * @throws UserNotFound where the other is no member
 * @throws ImpersonationRefused
 */
export async function requireAllowed(call: Call, pair: Pair): Promise<void> {
  const [administrator, member] = await membershipsOf(call, pair);
  if (!member.member) throw UserNotFound();
  if (!mayImpersonate(administrator, member)) throw ImpersonationRefused();
}

function membershipsOf(call: Call, { organization_id, administrator_id, user_id }: Pair) {
  return Promise.all([
    askMembership(call, organization_id, administrator_id),
    askMembership(call, organization_id, user_id),
  ]);
}
