import {
  admits,
  anonymous,
  clientStanding,
  grantsIn,
  type Impersonator,
  type Member,
  type Membership,
  mayImpersonate,
  type Principal,
  type PrincipalToken,
  standingIn,
  type TokenFacts,
  type WorkspaceGrant,
} from '@rivergate/caller';
import { IpNotAllowed, Unauthorized } from '@rivergate/endpoint';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from '../tokens/access-token.ts';
import { invalidToken } from '../tokens/verify-access-token.ts';
import { membersOf } from './gather.ts';

/**
 * Step: what may the caller do, in the organization that the request acts on? Not being a member of an organization
 * that the path names is no refusal here: the principal says so, and the service answers 404 for it.
 */
export function principal(owners: Owners) {
  return (exchange: Exchange): void | Promise<void> => {
    if (!exchange.token) {
      exchange.principal = anonymous(exchange.ip);
      return;
    }
    const { userId } = exchange.token;
    if (userId === null) {
      const isScim = 'tokenHash' in exchange.token.login && exchange.token.login.kind === 'scim';
      exchange.principal = isScim ? scimPrincipal(exchange) : clientPrincipal(exchange);
      return;
    }
    const known = exchange.access?.memberships ?? [];
    const asked = membersOf(exchange);
    const memberships: Membership[] = [];
    for (let index = 0; index < asked.length; index++) {
      const membership = known[index]?.membership;
      if (!membership) return askOwners(owners, exchange, asked);
      memberships.push(membership);
    }
    exchange.principal = principalOf(exchange, memberships);
  };
}

async function askOwners(owners: Owners, exchange: Exchange, asked: readonly Member[]): Promise<void> {
  const known = exchange.access?.memberships ?? [];
  const memberships = await Promise.all(
    asked.map(
      ({ organizationId, userId }, index) =>
        known[index]?.membership ?? owners.membership(organizationId, userId, known[index]),
    ),
  );
  exchange.principal = principalOf(exchange, memberships);
}

type Deciding = {
  actedOn: number | null;
  membership: Membership | undefined;
  /** Of who acts in the user's name. */
  impersonators: Membership | undefined;
  isSystemAdmin: boolean;
  mustEnrol: boolean;
  deviceTrusted: boolean;
  facts: TokenFacts | undefined;
  ip: string;
};

/** The last principal of each token, and what it was made from: from one request to the next little changes. */
const latest = new WeakMap<AccessToken, { from: Deciding; principal: Principal }>();

/** @param memberships in the order of membersOf */
function principalOf(exchange: Exchange, memberships: readonly Membership[]): Principal {
  const token = exchange.token!;
  const session = exchange.access?.session;
  if (session?.state !== 'active') throw invalidToken();
  const facts = session.token;
  // A token that reaches every organization of its owner outlives the membership in any one of them.
  const tied = token.organizationId !== null && (facts === undefined || facts.bound);
  if (tied && !memberships[0]?.member) throw outdatedToken();
  const impersonator = impersonatorOf(token);
  const impersonators = impersonator ? memberships[1]! : undefined;
  const actedOn = exchange.pathOrganizationId ?? (namesOrganization(exchange) ? null : token.organizationId);
  const membership = actedOn === null ? undefined : memberships[impersonator ? 0 : memberships.length - 1];
  const { ip, route } = exchange;
  const mustEnrol = session.token === undefined && session.mustEnrol;
  const deviceTrusted = session.token === undefined && session.deviceTrusted;
  const from = {
    actedOn,
    membership,
    impersonators,
    isSystemAdmin: session.isSystemAdmin,
    mustEnrol,
    deviceTrusted,
    facts,
    ip,
  };
  const known = latest.get(token);
  if (known && !route?.workspace && isSame(known.from, from)) return known.principal;
  if (impersonators && !mayImpersonate(impersonators, memberships[0]!)) throw endedConsent();
  const { isSystemAdmin } = session;
  const sessionBoundTo = token.organizationBound ? token.organizationId : null;
  const deciding = { isSystemAdmin, token: facts, impersonator, sessionBoundTo };
  const standing = standingIn(actedOn, membership, deciding);
  const principal: Principal = Object.freeze({
    kind: 'user',
    userId: token.userId,
    impersonator,
    sessionId: 'sessionId' in token.login ? token.login.sessionId : null,
    sessionBoundTo,
    token: principalToken(token, facts),
    ...standing,
    workspaces: concerned(exchange, standing.workspaces),
    workspaceId: exchange.pathWorkspaceId,
    mustEnrol,
    deviceTrusted,
    authTime: token.authTime,
    amr: token.amr,
    secondFactorOmitted: token.secondFactorOmitted,
    scope: facts?.scopes ?? [],
    clientId: facts?.clientId ?? null,
    ip,
    service: null,
  });
  if (!route?.workspace) latest.set(token, { from, principal });
  return principal;
}

/** What is remembered of a membership, or of a token, is one object for as long as it stands in Redis. */
function isSame(one: Deciding, other: Deciding): boolean {
  return (
    one.membership === other.membership &&
    one.impersonators === other.impersonators &&
    one.actedOn === other.actedOn &&
    one.isSystemAdmin === other.isSystemAdmin &&
    one.mustEnrol === other.mustEnrol &&
    one.deviceTrusted === other.deviceTrusted &&
    one.facts === other.facts &&
    one.ip === other.ip
  );
}

function impersonatorOf({ impersonatorId, organizationId }: AccessToken): Impersonator | null {
  return impersonatorId === null ? null : { userId: impersonatorId, boundTo: organizationId! };
}

function principalToken({ login }: AccessToken, facts: TokenFacts | undefined): PrincipalToken | null {
  if (facts === undefined || !('tokenHash' in login)) return null;
  const { id, bound, organizationId } = facts;
  return { kind: login.kind, id, hash: login.tokenHash, boundTo: bound ? organizationId : null };
}

/** A program that belongs to an organization: no member of it, and what it may do its scopes say alone. */
function clientPrincipal(exchange: Exchange): Principal {
  const { token, access, pathOrganizationId } = exchange;
  const session = access?.session;
  if (session?.state !== 'active' || session.token === undefined) throw invalidToken();
  const { organizationId, clientId } = session.token;
  return {
    ...anonymous(exchange.ip),
    kind: 'client',
    token: principalToken(token!, session.token),
    ...clientStanding(namesOrganization(exchange) ? pathOrganizationId : organizationId, session.token),
    workspaceId: exchange.pathWorkspaceId,
    clientId,
  };
}

/** A program that provisions an organization: it holds no right there, and reaches what is for such programs alone. */
function scimPrincipal({ token, access, ip }: Exchange): Principal {
  const session = access?.session;
  if (session?.state !== 'active' || session.token === undefined) throw invalidToken();
  const { networks, organizationId } = session.token;
  if (networks && !admits(networks, ip)) throw IpNotAllowed('This token is not taken from your address');
  return {
    ...anonymous(ip),
    kind: 'scim',
    token: principalToken(token!, session.token),
    organizationId,
  };
}

/** What the service needs to know of rights in workspaces: a user may hold them in thousands. */
function concerned(
  { route, pathWorkspaceId }: Exchange,
  grants: readonly WorkspaceGrant[],
): readonly WorkspaceGrant[] {
  if (!route?.workspace) return [];
  return route.workspaceSegment < 0 ? grants : grantsIn(grants, pathWorkspaceId);
}

/** A path that names its organization badly must not fall back to the active one. */
function namesOrganization({ route }: Exchange): boolean {
  return route !== null && route.organizationSegment >= 0;
}

/** One of the two has lost the right in which the other was let act, whatever has become of the session. */
function endedConsent() {
  return Unauthorized('You may not act in the name of this user any more', [], {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}

/** The user left the organization that the token was issued for. */
function outdatedToken() {
  return Unauthorized('You no longer belong to the organization of this access token; sign in again', [], {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
