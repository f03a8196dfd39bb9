import { boundTo, holds, holdsIn, type Permission, type Principal, workspacesWith } from '@rivergate/caller';
import { isOpen } from './caller-of.ts';
import { missingPermission } from './detail.ts';
import type { Log } from './endpoint.ts';
import {
  type ErrorDeclaration,
  Forbidden,
  IpNotAllowed,
  MfaEnrolmentRequired,
  NotFound,
  OrganizationNotFound,
  PolicyDenied,
  SsoRequired,
  StepUpRequired,
  TokenNotAllowed,
  Unauthorized,
} from './failure.ts';
import { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
import { actsInOrganization, requiredScope } from './required-scope.ts';
import type { EndpointSpec } from './spec.ts';

/** What has been read of a request; only `params` before its rights are known. */
export type PartsRead = { params: Record<string, unknown> } & Partial<
  Record<'query' | 'body', Record<string, unknown>>
> & {
    /** In which the request acts, where the endpoint has found one that is not the active one. */
    organizationId?: number;
  };

/**
 * Whether the caller is of the kind that the endpoint is for at all, by a login or token that reaches it.
 *
 * @throws Unauthorized
 * @throws Forbidden for a service that the contract does not name or that asks on behalf of nobody where it has to, and for
 *   a token without the scope
 * @throws MfaEnrolmentRequired for who has to set a second factor up first
 * @throws NotFound for a token that is bound to an organization, where the endpoint acts in none
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
    if (!spec.onBehalfOf) return;
    if (principal.userId === null) throw Forbidden('The contract of this endpoint asks for a user');
  } else if (principal.kind === 'service') {
    throw Unauthorized('Services act through internal endpoints');
  } else if (rule === 'scim' || principal.kind === 'scim') {
    // Its token opens nothing else, and nothing else opens what is for it.
    if (rule === principal.kind || isOpen(rule)) return;
    throw Unauthorized(undefined, [], { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  } else if (!isOpen(rule) && !(principal.kind === 'user' || principal.kind === 'client')) {
    throw Unauthorized();
  }
  requireReach(spec, principal);
  if (!isOpen(rule) && principal.kind === 'client' && !spec.clients) {
    throw Forbidden('This takes a user, and the token stands for none');
  }
}

/**
 * Default deny: what a token reaches is what a scope of its own names, within the organization that it is bound to; who
 * acts in another's name reaches what is open to that, which has to be said of it; and who has to set a second factor up
 * reaches only what says that it leads there. A service that asks on behalf of such a user was reached by that.
 *
 * @throws Forbidden
 * @throws MfaEnrolmentRequired
 * @throws NotFound
 */
function requireReach(spec: EndpointSpec, principal: Principal): void {
  const { token, sessionId, sessionBoundTo, scope, impersonator } = principal;
  if (impersonator && !spec.impersonated) {
    throw Forbidden('This is not done in the name of somebody else');
  }
  if (spec.session && (token !== null || sessionId === null)) {
    throw Forbidden('This takes the access token of a session');
  }
  if (principal.mustEnrol && principal.kind === 'user' && !spec.beforeEnrolment) throw MfaEnrolmentRequired();
  if (typeof sessionBoundTo === 'number' && principal.kind === 'user' && !spec.boundSessions) {
    throw Forbidden('The session acts in its organization only, and this lies outside of it');
  }
  if (token === null || spec.anyScope) return;
  const needed = requiredScope(spec);
  if (!scope.includes(needed)) {
    throw Forbidden(`The token is not allowed to do this: it takes the scope ${needed}`, [
      missingPermission(`scope ${needed}`),
    ]);
  }
  if (token.boundTo !== null && !actsInOrganization(spec)) {
    throw NotFound('The token acts in its organization only, and this lies outside of it');
  }
}

/**
 * Whether the caller may go on, for the organization and the workspace that the request acts on. Where a part that has
 * not been read yet names the workspace, holding the permission in some workspace is enough to be read further.
 *
 * @returns the caller with that organization
 * @throws OrganizationNotFound for an organization of which the caller is no active member: it is not told from
 *   one that does not exist; also where the endpoint needs an active organization and there is none
 * @throws Forbidden with the missing right in the details
 */
export function requireRights(spec: EndpointSpec, principal: Principal, parts: PartsRead): Principal {
  const named = parts.organizationId ?? (parts.params[ORGANIZATION_PARAMETER] as number | undefined);
  const decided = hasRights(spec, principal);
  if (named !== undefined && decided) {
    // A system administrator acts in the organization that the path names without being a member of it.
    const anywhere = principal.isSystemAdmin && principal.organizationId === null;
    if ((boundTo(principal) ?? named) !== named) throw OrganizationNotFound();
    const stranger = spec.denials?.stranger ?? OrganizationNotFound;
    if (principal.organizationId !== named && !anywhere) throw stranger();
    if (!principal.isMember && !principal.isSystemAdmin && principal.kind !== 'client') throw stranger();
  }
  if (spec.activeOrganization && principal.organizationId === null) {
    throw OrganizationNotFound('No organization is active; switch to one');
  }
  const rule = spec.onBehalfOf ?? spec.caller;
  if (rule === 'admin' && !principal.isAdmin && !principal.isSystemAdmin) {
    throw missing(spec, 'administrator of the organization');
  }
  if (rule.startsWith('perm:')) {
    const permission = rule.slice('perm:'.length) as Permission;
    if (!holdsWhere(spec, principal, permission, parts)) throw missing(spec, permission);
  }
  if (named === undefined || !decided) return principal;
  return { ...principal, organizationId: named };
}

/** Whether rights decide that may be withdrawn: the caller's own, or those of the user for whom a service asks. */
export function hasRights({ onBehalfOf }: EndpointSpec, { kind }: Principal): boolean {
  return (
    kind === 'user' ||
    kind === 'client' ||
    kind === 'scim' ||
    (kind === 'service' && onBehalfOf !== undefined)
  );
}

function holdsWhere(
  { workspace }: EndpointSpec,
  principal: Principal,
  permission: Permission,
  parts: PartsRead,
): boolean {
  if (workspace === undefined) return holds(principal, permission);
  const somewhere = () => holds(principal, permission) || workspacesWith(principal, permission).length > 0;
  if (workspace === 'every') return somewhere();
  const [part, name] = workspace.split('.') as ['params' | 'query' | 'body', string];
  const read = parts[part];
  if (!read) return somewhere();
  const workspaceId = read[name];
  return typeof workspaceId === 'number'
    ? holdsIn(principal, permission, workspaceId)
    : holds(principal, permission);
}

function missing({ denials }: EndpointSpec, right: string) {
  return (denials?.missingRight ?? Forbidden)(`You are not allowed to do this: it takes ${right}`, [
    missingPermission(right),
  ]);
}

/** The caller found anew, whose rights and token may have become less. @throws as the first decision would */
export function entitled(spec: EndpointSpec, principal: Principal, parts: PartsRead): Principal {
  if (principal.kind !== 'scim') requireReach(spec, principal);
  return requireRights(spec, principal, parts);
}

/** What the library itself may answer on an endpoint, beside what the endpoint declares. */
export function impliedErrors(spec: EndpointSpec): ErrorDeclaration[] {
  const rule = spec.caller;
  const signedIn = !isOpen(rule);
  const named = spec.params?.shape[ORGANIZATION_PARAMETER] !== undefined;
  const tokens = (signedIn && (rule !== 'internal' || spec.onBehalfOf)) || spec.bearer !== undefined;
  const people = tokens && rule !== 'internal' && rule !== 'scim';
  return [
    ...(signedIn || spec.bearer ? [Unauthorized] : []),
    ...(spec.fresh ? [StepUpRequired] : []),
    ...(tokens ? [Forbidden] : []),
    ...(people && !spec.beforeEnrolment ? [MfaEnrolmentRequired] : []),
    ...(people && !spec.anyNetwork ? [IpNotAllowed, SsoRequired, PolicyDenied] : []),
    ...(people && !spec.session ? [TokenNotAllowed] : []),
    ...(tokens && rule !== 'scim' && !spec.session && !spec.anyScope && !actsInOrganization(spec)
      ? [NotFound]
      : []),
    ...((named && signedIn) || spec.activeOrganization ? [OrganizationNotFound] : []),
  ];
}
