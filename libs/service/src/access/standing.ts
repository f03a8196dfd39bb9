import {
  type AccessPolicy,
  attributesOf,
  clientStanding,
  decidingPolicy,
  hasExpired,
  type KnownMembership,
  type Login,
  type LoginState,
  type Member,
  type Membership,
  mayImpersonate,
  type Principal,
  policySubject,
  readAccess,
  refusalUnder,
  type Scope,
  standingIn,
} from '@rivergate/caller';
import {
  accessPolicy,
  attributePolicies,
  memberPrincipal,
  sessionState,
  TOKEN_OWNERS,
} from '@rivergate/contracts';
import {
  type Call,
  type Endpoint,
  type EndpointSpec,
  IpNotAllowed,
  PolicyDenied,
  policyDetail,
  type Runtime,
  ssoRequired,
  TokenNotAllowed,
  Unauthorized,
} from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import type { ServiceDefinition } from '../definition.ts';
import {
  accessOwners,
  askAttributePolicies,
  askMembership,
  askPolicy,
  askSession,
  askToken,
} from './owners.ts';

/** Finds out anew what a caller may do. */
export interface Standings {
  /** Of a user, or of a client that stands for none, as the gateway did when the request came. */
  ofCaller: Runtime['standing'];
  /**
   * Of someone for whom work goes on when they have left: by membership, whatever has become of the session or token,
   * and within the bounds of the token. What makes a system administrator is a session, and ends with it. Where the
   * request for it came from counted when it came.
   */
  ofAbsent(caller: Principal, db: Knex.Transaction): Promise<Principal>;
  /** By the membership alone, behind its lock, where this service owns memberships: session and token stand as they were found. */
  locked: Runtime['lockedStanding'];
}

/**
 * A fact that this service owns is read in the transaction at hand: asking itself over HTTP would take a second
 * connection of a pool that may be all taken by requests that wait for the same.
 */
export function standings(
  redis: RedisClient,
  call: Call,
  endpoints: readonly Endpoint[],
  lockMemberships?: ServiceDefinition['lockMemberships'],
): Standings {
  const owners = accessOwners(redis, call);
  const owns = (asked: EndpointSpec) => endpoints.some(({ spec }) => spec.operation === asked.operation);
  const [ownsSessions, ownsMemberships] = [owns(sessionState), owns(memberPrincipal)];
  const ownsPolicies = owns(accessPolicy);
  const ownsAttributePolicies = owns(attributePolicies);

  const loginOf = async (login: Login, known: Known, db: Knex.Transaction): Promise<LoginState | null> => {
    const session = known?.session;
    if ('sessionId' in login) {
      if (ownsSessions) return askSession(askHere(endpoints, db), login.sessionId);
      return session && session.state !== 'unknown'
        ? session
        : owners.session(login.sessionId, session?.seen);
    }
    if (owns(TOKEN_OWNERS[login.kind]))
      return (await askToken(askHere(endpoints, db), login.kind, login.tokenHash)).state;
    return session && session.state !== 'unknown' ? session : owners.token(login, session?.seen);
  };
  const membershipOf = async (
    { organizationId, userId }: Member,
    known: KnownMembership | undefined,
    db: Knex.Transaction,
  ): Promise<Membership> => {
    if (ownsMemberships) return askMembership(askHere(endpoints, db), organizationId, userId);
    return known?.membership ?? owners.membership(organizationId, userId, known);
  };
  const standing = async (
    caller: Principal & { userId: number },
    session: Parameters<typeof standingIn>[2],
    known: Known,
    db: Knex.Transaction,
  ): Promise<Principal> => {
    const { organizationId, impersonator, sessionBoundTo } = caller;
    const memberships: Membership[] = [];
    for (const [index, member] of membersAbout(caller).entries())
      memberships.push(await membershipOf(member, known?.memberships[index], db));
    if (impersonator && !mayImpersonate(memberships[1]!, memberships[0]!)) throw ended();
    const scope = session.token?.scopes ?? caller.scope;
    const deciding = { ...session, impersonator, sessionBoundTo };
    return { ...caller, scope, ...standingIn(organizationId, memberships[0], deciding) };
  };
  const policyOf = async (
    organizationId: number,
    known: Known,
    db: Knex.Transaction,
  ): Promise<AccessPolicy> => {
    const here = askHere(endpoints, db);
    const found = known?.policy.policy;
    if (ownsPolicies)
      return askPolicy(
        here,
        organizationId,
        async () => found?.attributePolicies ?? (await askAttributePolicies(call, organizationId)),
      );
    if (found) return found;
    if (!ownsAttributePolicies) return owners.policy(organizationId, known?.policy);
    return askPolicy(call, organizationId, () => askAttributePolicies(here, organizationId));
  };
  /** @throws IpNotAllowed, TokenNotAllowed, SsoRequired, PolicyDenied, UpstreamUnavailable */
  const requireAdmitted = async (
    principal: Principal,
    session: LoginState & { state: 'active' },
    operation: Parameters<Runtime['standing']>[2],
    known: Known,
    db: Knex.Transaction,
  ): Promise<void> => {
    const { organizationId, isMember, isSystemAdmin, kind } = principal;
    if (organizationId === null || isSystemAdmin || !(isMember || kind === 'client')) return;
    const policy = await policyOf(organizationId, known, db);
    const refusal = refusalUnder(policy, policySubject(principal, session.token));
    if (refusal === 'token') throw TokenNotAllowed();
    if (operation.anyNetwork) return;
    if (refusal === 'ip') throw IpNotAllowed();
    if (refusal === 'sso') throw ssoRequired(policy.sso!.loginUrl);
    const deciding = decidingPolicy(policy.attributePolicies, attributesOf({ principal, operation }));
    if (deciding?.effect === 'deny') throw PolicyDenied(undefined, [policyDetail(deciding)]);
  };
  const lookUp = (caller: Principal, login: Login) =>
    readAccess(redis, { ...login, members: membersAbout(caller), policyOf: caller.organizationId }).catch(
      () => null,
    );

  return {
    async ofCaller(caller, db, spec) {
      const { userId } = caller;
      const login = loginBy(caller);
      if (login === null) throw Unauthorized();
      const known = await lookUp(caller, login);
      const session = await loginOf(login, known, db);
      if (session?.state !== 'active' || session.userId !== userId || hasExpired(session)) throw ended();
      if (userId === null) {
        if (session.token === undefined) throw ended();
        if (caller.kind === 'scim') return caller;
        const client = { ...caller, ...clientStanding(caller.organizationId, session.token) };
        await requireAdmitted(client, session, spec, known, db);
        return client;
      }
      const mustEnrol = session.token === undefined && session.mustEnrol;
      const deviceTrusted = session.token === undefined && session.deviceTrusted;
      const current = { ...caller, userId, mustEnrol, deviceTrusted };
      const user = await standing(current, session, known, db);
      await requireAdmitted(user, session, spec, known, db);
      return user;
    },
    async ofAbsent(caller, db) {
      const { userId, sessionId } = caller;
      if (userId === null) throw Unauthorized();
      const known = await lookUp(caller, loginBy(caller) ?? { sessionId: 0 });
      let isSystemAdmin = false;
      if (caller.isSystemAdmin && sessionId !== null) {
        const session = await loginOf({ sessionId }, known, db);
        isSystemAdmin = session?.state === 'active' && session.userId === userId && session.isSystemAdmin;
      }
      return await standing({ ...caller, userId }, { isSystemAdmin, token: boundsOf(caller) }, known, db);
    },
    locked:
      lockMemberships &&
      (async (caller, db) => {
        const { userId, organizationId, isSystemAdmin } = caller;
        await lockMemberships(db, organizationId!);
        if (userId === null) return caller;
        const session = { isSystemAdmin, token: boundsOf(caller) };
        // Also for who is no member any more: what the endpoint asks for there is what is missing.
        return { ...(await standing({ ...caller, userId }, session, null, db)), organizationId };
      }),
  };
}

/** By whose rights it is decided: also, where somebody acts in another's name, by those of both in their organization. */
function membersAbout({ userId, organizationId, impersonator }: Principal): readonly Member[] {
  if (userId === null) return [];
  if (impersonator)
    return [userId, impersonator.userId].map(who => ({ organizationId: impersonator.boundTo, userId: who }));
  return organizationId === null ? [] : [{ organizationId, userId }];
}

/** What the token was bounded by bounds what goes on. */
function boundsOf({ token, scope }: Principal) {
  if (token === null) return undefined;
  return { bound: token.boundTo !== null, organizationId: token.boundTo, scopes: scope as Scope[] };
}

function loginBy({ token, sessionId }: Principal): Login | null {
  if (token !== null) return { kind: token.kind, tokenHash: token.hash };
  return sessionId === null ? null : { sessionId };
}

type Known = Awaited<ReturnType<typeof readAccess>> | null;

/** Answers questions of libs/contracts by this service's own endpoints, in the given transaction. */
function askHere(endpoints: readonly Endpoint[], db: Knex.Transaction): Call {
  const ask = async (spec: EndpointSpec, input: object): Promise<unknown> => {
    const endpoint = endpoints.find(known => known.spec.operation === spec.operation)!;
    return endpoint.handle({ ...input, db } as never);
  };
  return ask as Call;
}

function ended() {
  return Unauthorized('The session of this access token, or the token, has ended', [], {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
