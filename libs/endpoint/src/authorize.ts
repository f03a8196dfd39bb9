import { holds, type Permission, type Principal } from '@rivergate/caller';
import { missingPermission } from './detail.ts';
import { type ErrorDeclaration, Forbidden, OrganizationNotFound, Unauthorized } from './failure.ts';
import type { CallerRule, EndpointSpec } from './spec.ts';

/** Name of the path parameter that says on which organization a request acts. */
export const ORGANIZATION_PARAMETER = 'org_id';

/** Whether the caller is of the kind that the endpoint is for at all. @throws Unauthorized */
export function requireKind(rule: CallerRule, principal: Principal): void {
  if (rule === 'internal') {
    if (principal.kind !== 'service') throw Unauthorized('Only services of the fleet may call this');
  } else if (principal.kind === 'service') {
    throw Unauthorized('Services act through internal endpoints');
  } else if (rule !== 'public' && rule !== 'token' && principal.kind !== 'user') {
    throw Unauthorized();
  }
}

/**
 * Whether the caller may go on, for the organization that the request acts on.
 *
 * @throws OrganizationNotFound for an organization of which the caller is no active member: it is not told from
 *   one that does not exist
 * @throws Forbidden with the missing right in the details
 */
export function requireRights(
  spec: EndpointSpec,
  principal: Principal,
  params: Record<string, unknown>,
): void {
  const named = params[ORGANIZATION_PARAMETER];
  if (named !== undefined && principal.kind === 'user') {
    if (principal.organizationId !== named && !principal.isSystemAdmin) throw OrganizationNotFound();
    if (!principal.isMember && !principal.isSystemAdmin) throw OrganizationNotFound();
  }
  if (spec.caller === 'admin' && !principal.isAdmin && !principal.isSystemAdmin) {
    throw missing('administrator of the organization');
  }
  if (spec.caller.startsWith('perm:')) {
    const permission = spec.caller.slice('perm:'.length) as Permission;
    if (!holds(principal, permission)) throw missing(permission);
  }
}

function missing(right: string) {
  return Forbidden(`You are not allowed to do this: it takes ${right}`, [missingPermission(right)]);
}

/** What the library itself may answer on an endpoint, beside what the endpoint declares. */
export function impliedErrors(spec: EndpointSpec): ErrorDeclaration[] {
  const rule = spec.caller;
  const signedIn = rule !== 'public' && rule !== 'token';
  const named = spec.params?.shape[ORGANIZATION_PARAMETER] !== undefined;
  return [
    ...(signedIn || spec.bearer ? [Unauthorized] : []),
    ...(rule === 'admin' || rule.startsWith('perm:') ? [Forbidden] : []),
    ...(named && signedIn ? [OrganizationNotFound] : []),
  ];
}
