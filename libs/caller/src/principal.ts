import type { Membership } from './access.ts';
import type { TokenFacts, TokenKind } from './token-state.ts';
import type { WorkspaceGrant } from './workspace-grant.ts';

/** A token in place of a session, as far as a service has to know it. */
export type PrincipalToken = {
  kind: TokenKind;
  id: number;
  /** SHA-256 in hex: by it the token is looked up again. */
  hash: string;
  /** The only organization that it acts in; null where it acts in every one of its owner's. */
  boundTo: number | null;
};

/** An administrator who acts in the name of a member, by that member's consent (RFC 8693, section 4.1). */
export type Impersonator = {
  userId: number;
  /** The only organization in which they do. */
  boundTo: number;
};

/** Who calls, for which organization, with which rights: what the gateway learned about a request. */
export type Principal = {
  /**
   * `client`: a program that belongs to an organization and stands for no user; `scim`: one that provisions its members, and
   * does nothing else.
   */
  kind: 'anonymous' | 'user' | 'client' | 'scim' | 'service';
  userId: number | null;
  /** Who really calls, where that is not userId: much is closed to them, and all that they do names them. */
  impersonator: Impersonator | null;
  /** Null for a token that stands in place of a session. */
  sessionId: number | null;
  /** The only organization in which the session acts, where that organization's identity provider opened it. */
  sessionBoundTo: number | null;
  /** What the request is made with in place of a session; `scope` bounds what it can do. */
  token: PrincipalToken | null;
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
  /** Roles held organization-wide; null where they are not known. */
  roleIds: readonly number[] | null;
  /** What is held in workspaces of organizationId: of those that the endpoint declares to be about, no others. */
  workspaces: readonly WorkspaceGrant[];
  /** The workspace that the path names, if it does so properly; whether the caller may do anything there is not said. */
  workspaceId: number | null;
  /** Plan of organizationId. */
  plan: string | null;
  /**
   * Whether an organization requires a second factor that the user of this session has not set up: only what leads to one
   * is open.
   */
  mustEnrol: boolean;
  /**
   * When the user of the session was last authenticated: seconds since the epoch, of the access token that is used. Null for
   * a token that stands in place of a session.
   */
  authTime: number | null;
  /** How that was done (RFC 8176). */
  amr: readonly string[];
  /** Whether the account had a second factor then, which that authentication did without, as on a trusted device. */
  secondFactorOmitted: boolean;
  /** Whether the user trusts the device on which the session was opened. */
  deviceTrusted: boolean;
  /** Of the token; empty for a session, which no scope bounds. */
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
  impersonator: null,
  sessionId: null,
  sessionBoundTo: null,
  token: null,
  organizationId: null,
  isMember: false,
  isAdmin: false,
  isSystemAdmin: false,
  permissions: Object.freeze([]) as readonly string[],
  roleIds: null,
  workspaces: Object.freeze([]) as readonly WorkspaceGrant[],
  workspaceId: null,
  plan: null,
  mustEnrol: false,
  authTime: null,
  amr: Object.freeze([]) as readonly string[],
  secondFactorOmitted: false,
  deviceTrusted: false,
  scope: Object.freeze([]) as readonly string[],
  clientId: null,
  ip: null,
  service: null,
});

/** A caller of whom nothing is known but, perhaps, the address. */
export function anonymous(ip: string | null = null): Principal {
  return { ...nobody, ip };
}

/** The only organization in which the caller acts; null where it is every one of the user's. */
export function boundTo({
  token,
  impersonator,
  sessionBoundTo,
}: Pick<Principal, 'token' | 'impersonator' | 'sessionBoundTo'>): number | null {
  return token?.boundTo ?? impersonator?.boundTo ?? sessionBoundTo;
}

/**
 * What a membership and the session make of a user's rights. A token makes less of them: it acts nowhere but in the
 * organization that it is bound to, as an administrator only with the scope `admin`, and never for the whole platform,
 * which no scope covers. Nor does somebody who acts in a member's name, in the one organization in which they may, or a
 * session that the identity provider of an organization opened, which acts in that one.
 *
 * @param organizationId the organization that is acted on, if one is
 * @param membership of the user in it; undefined where there is no such organization to be a member of
 */
export function standingIn(
  organizationId: number | null,
  membership: Membership | undefined,
  session: {
    isSystemAdmin: boolean;
    token?: Pick<TokenFacts, 'bound' | 'organizationId' | 'scopes'> | undefined;
    impersonator?: Impersonator | null;
    sessionBoundTo?: number | null;
  },
): Pick<
  Principal,
  | 'organizationId'
  | 'isMember'
  | 'isAdmin'
  | 'isSystemAdmin'
  | 'permissions'
  | 'roleIds'
  | 'workspaces'
  | 'plan'
> {
  const { token, impersonator, sessionBoundTo = null } = session;
  const isSystemAdmin = session.isSystemAdmin && !impersonator && sessionBoundTo === null;
  const only = token?.bound ? token.organizationId : (impersonator?.boundTo ?? sessionBoundTo ?? undefined);
  const outside = only !== undefined && only !== organizationId;
  const isMember = !outside && (membership?.member ?? false);
  return {
    organizationId: isMember || isSystemAdmin ? organizationId : null,
    isMember,
    isAdmin: isMember && membership!.isAdmin && (token?.scopes.includes('admin') ?? true),
    isSystemAdmin,
    permissions: isMember ? (membership!.isAdmin ? ['*'] : membership!.permissions) : [],
    roleIds: isMember ? (membership!.roleIds ?? null) : null,
    workspaces: isMember ? membership!.workspaces : [],
    plan: isMember ? membership!.plan : null,
  };
}

/** A service that calls for itself, not for a user. */
export function servicePrincipal(service: string): Principal {
  return { ...nobody, kind: 'service', service };
}
