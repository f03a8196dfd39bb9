import type { Principal } from '@rivergate/caller';
import { type PartsRead, requireRights } from './authorize.ts';
import type { Endpoint } from './endpoint.ts';
import type { Parts } from './input.ts';
import type { Runtime } from './runtime.ts';

/**
 * Whether the caller may go on, as far as that shows before the body has been read. Where the endpoint finds its
 * organization by what the request names, nothing shows before.
 *
 * @throws as requireRights does
 */
export function requireRightsSoFar(endpoint: Endpoint, caller: Principal, parts: PartsRead): Principal {
  return endpoint.organization ? caller : requireRights(endpoint.spec, caller, parts);
}

/**
 * The caller as they are in the organization in which the request acts, and whether they may go on there.
 *
 * @returns the parts with that organization, for as long as the decision has to be made again
 * @throws as requireRights does, Unauthorized when the session has ended, UpstreamUnavailable
 */
export async function enterOrganization(
  endpoint: Endpoint,
  runtime: Pick<Runtime, 'reading' | 'standing'>,
  caller: Principal,
  parts: Parts,
): Promise<{ caller: Principal; parts: Parts }> {
  const { spec, organization } = endpoint;
  if (!organization) return { caller: spec.workspace ? requireRights(spec, caller, parts) : caller, parts };
  const found = await organization({ ...parts, db: runtime.reading() } as never);
  if (found === undefined || found === caller.organizationId)
    return { caller: requireRights(spec, caller, parts), parts };
  const there = await runtime.standing({ ...caller, organizationId: found }, runtime.reading(), spec);
  const placed = { ...parts, organizationId: found };
  return { caller: requireRights(spec, there, placed), parts: placed };
}
