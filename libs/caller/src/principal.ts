import type { Membership } from './access.ts';
import type { WorkspaceGrant } from './workspace-grant.ts';

/** Who calls, for which organization, with which rights: what the gateway learned about a request. */
export type Principal = {
  kind: 'anonymous' | 'user' | 'service';
  userId: number | null;
  sessionId: number | null;
  /** The path's {org_id} if the route has one, else the token's active one; null if the user is no active member. */
  organizationId: number | null;
  /** Active member of organizationId. */
  isMember: boolean;
  /** Administrator of organizationId. */
  isAdmin: boolean;
  /** Administrator of the whole platform. */
  isSystemAdmin: boolean;
  /** Codes held organization-wide; ['*'] for administrators. */
  permissions: readonly string[];
  /** What is held in workspaces of organizationId: of those that the endpoint declares to be about, no others. */
  workspaces: readonly WorkspaceGrant[];
  /** Plan of organizationId. */
  plan: string | null;
  /** Authentication methods of the session (RFC 8176). */
  amr: readonly string[];
  scope: readonly string[];
  /** OAuth client that acts for the user. */
  clientId: string | null;
  /** Address of the client as the gateway saw it. */
  ip: string | null;
  /** The calling service when kind is 'service'. */
  service: string | null;
};

const nobody: Principal = Object.freeze({
  kind: 'anonymous',
  userId: null,
  sessionId: null,
  organizationId: null,
  isMember: false,
  isAdmin: false,
  isSystemAdmin: false,
  permissions: Object.freeze([]) as readonly string[],
  workspaces: Object.freeze([]) as readonly WorkspaceGrant[],
  plan: null,
  amr: Object.freeze([]) as readonly string[],
  scope: Object.freeze([]) as readonly string[],
  clientId: null,
  ip: null,
  service: null,
});

/** A caller of whom nothing is known but, perhaps, the address. */
export function anonymous(ip: string | null = null): Principal {
  return { ...nobody, ip };
}

/**
 * What a membership and the session make of a user's rights.
 *
 * @param organizationId the organization that is acted on, if one is
 * @param membership of the user in it; undefined where there is no such organization to be a member of
 */
export function standingIn(
  organizationId: number | null,
  membership: Membership | undefined,
  isSystemAdmin: boolean,
): Pick<
  Principal,
  'organizationId' | 'isMember' | 'isAdmin' | 'isSystemAdmin' | 'permissions' | 'workspaces' | 'plan'
> {
  const isMember = membership?.member ?? false;
  return {
    organizationId: isMember || isSystemAdmin ? organizationId : null,
    isMember,
    isAdmin: isMember && membership!.isAdmin,
    isSystemAdmin,
    permissions: isMember ? (membership!.isAdmin ? ['*'] : membership!.permissions) : [],
    workspaces: isMember ? membership!.workspaces : [],
    plan: isMember ? membership!.plan : null,
  };
}

/** A service that calls for itself, not for a user. */
export function servicePrincipal(service: string): Principal {
  return { ...nobody, kind: 'service', service };
}
