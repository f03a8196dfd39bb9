import { holds, type Permission, type Principal } from '@rivergate/caller';
import { missingPermission } from './detail.ts';
import type { Log } from './endpoint.ts';
import { type ErrorDeclaration, Forbidden, OrganizationNotFound, Unauthorized } from './failure.ts';
import { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
import type { EndpointSpec } from './spec.ts';

/**
 * Whether the caller is of the kind that the endpoint is for at all.
 *
 * @throws Unauthorized
 * @throws Forbidden for a service that the contract does not name
 */
export function requireKind(spec: EndpointSpec, principal: Principal, log: Log): void {
  const rule = spec.caller;
  if (rule === 'internal') {
    if (principal.kind !== 'service') throw Unauthorized('Only services of the fleet may call this');
    if (!spec.callers.some(name => name === principal.service)) {
      const facts = { issuer: principal.service, endpoint: `${spec.method} ${spec.path}` };
      log.warn(facts, 'A service called an endpoint whose contract does not name it');
      throw Forbidden('The contract of this endpoint does not name the calling service');
    }
  } else if (principal.kind === 'service') {
    throw Unauthorized('Services act through internal endpoints');
  } else if (rule !== 'public' && rule !== 'token' && principal.kind !== 'user') {
    throw Unauthorized();
  }
}

/**
 * Whether the caller may go on, for the organization that the request acts on.
 *
 * @returns the caller with that organization
 * @throws OrganizationNotFound for an organization of which the caller is no active member: it is not told from
 *   one that does not exist; also where the endpoint needs an active organization and there is none
 * @throws Forbidden with the missing right in the details
 */
export function requireRights(
  spec: EndpointSpec,
  principal: Principal,
  params: Record<string, unknown>,
): Principal {
  const named = params[ORGANIZATION_PARAMETER] as number | undefined;
  if (named !== undefined && principal.kind === 'user') {
    // A system administrator acts in the organization that the path names without being a member of it.
    const anywhere = principal.isSystemAdmin && principal.organizationId === null;
    if (principal.organizationId !== named && !anywhere) throw OrganizationNotFound();
    if (!principal.isMember && !principal.isSystemAdmin) throw OrganizationNotFound();
  }
  if (spec.activeOrganization && principal.organizationId === null) {
    throw OrganizationNotFound('No organization is active; switch to one');
  }
  if (spec.caller === 'admin' && !principal.isAdmin && !principal.isSystemAdmin) {
    throw missing('administrator of the organization');
  }
  if (spec.caller.startsWith('perm:')) {
    const permission = spec.caller.slice('perm:'.length) as Permission;
    if (!holds(principal, permission)) throw missing(permission);
  }
  if (named === undefined || principal.kind !== 'user') return principal;
  return { ...principal, organizationId: named };
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
    ...((named && signedIn) || spec.activeOrganization ? [OrganizationNotFound] : []),
  ];
}
