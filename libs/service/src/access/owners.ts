import {
  type AccessPolicy,
  type AttributePolicy,
  fillMembership,
  fillPolicy,
  fillSession,
  fillToken,
  type KnownMembership,
  type KnownPolicy,
  type LoginState,
  type Membership,
  organizationGeneration,
  type SessionState,
  type TokenFacts,
  type TokenKind,
  type TokenLogin,
  type TokenState,
} from '@rivergate/caller';
import {
  accessPolicy,
  attributePolicies,
  memberPrincipal,
  sessionState,
  TOKEN_OWNERS,
} from '@rivergate/contracts';
import { type Call, Failure } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';

/**
 * The services that know what Redis does not. What they say is kept for the next request, except of strangers to an
 * organization; without Redis every request asks. Questions that are the same at the same time are asked once, those of before a
 * change apart from those after it.
 */
export type Owners = {
  /**
   * @param seen of the unknown state in which Redis had it
   * @throws UpstreamUnavailable when identity does not answer
   */
  session(sessionId: number, seen: string | undefined): Promise<SessionState>;
  /**
   * Null for a token that nobody has ever issued, of which nothing is kept.
   *
   * @param seen of the unknown state in which Redis had it
   * @throws UpstreamUnavailable when the owner of tokens of this kind does not answer
   */
  token(login: TokenLogin, seen: string | undefined): Promise<LoginState | null>;
  /** @throws UpstreamUnavailable when organization does not answer */
  membership(organizationId: number, userId: number, known: KnownMembership | undefined): Promise<Membership>;
  /**
   * Of an organization that is known to exist: asking leaves a key behind.
   *
   * @throws UpstreamUnavailable when organization does not answer, or sso where it has policies by attributes
   */
  policy(organizationId: number, known: KnownPolicy | undefined): Promise<AccessPolicy>;
};

export function accessOwners(redis: RedisClient, call: Call): Owners {
  const asking = new Map<string, Promise<unknown>>();
  const once = <Answer>(question: string, ask: () => Promise<Answer>): Promise<Answer> => {
    const waiting = asking.get(question);
    if (waiting) return waiting as Promise<Answer>;
    const answer = ask().finally(() => asking.delete(question));
    asking.set(question, answer);
    return answer;
  };
  const reachable = () => redis.status === 'ready';

  return {
    session: (sessionId, seen = '') =>
      once(`session ${sessionId} ${seen}`, async () => {
        const session = await askSession(call, sessionId);
        const active = session.state === 'active';
        const known = active
          ? session
          : { userId: 0, isSystemAdmin: false, mustEnrol: false, deviceTrusted: false };
        if (reachable()) await fillSession(redis, seen, { ...known, sessionId, active }).catch(() => {});
        return session;
      }),

    token: ({ kind, tokenHash: hash }, seen = '') =>
      once(`token ${hash} ${seen}`, async () => {
        const { known, state } = await askToken(call, kind, hash);
        if (known && reachable()) await fillToken(redis, hash, seen, known).catch(() => {});
        return state;
      }),

    membership: (organizationId, userId, known) =>
      once(`membership ${organizationId} ${userId} ${known?.generation}`, async () => {
        const first = await askMembership(call, organizationId, userId);
        // Nothing is kept of others: whoever tries ids would fill Redis with them.
        if (!first.member || !reachable()) return first;
        let membership = first;
        let generation = known?.generation ?? null;
        if (generation === null) {
          generation = await organizationGeneration(redis, organizationId).catch(() => null);
          if (generation === null) return first;
          // What is kept under a generation must have been asked for under it.
          membership = await askMembership(call, organizationId, userId);
        }
        await fillMembership(redis, { organizationId, userId, generation, membership }).catch(() => {});
        return membership;
      }),

    policy: (organizationId, known) =>
      once(`policy ${organizationId} ${known?.generation}`, async () => {
        let generation = known?.generation ?? null;
        if (generation === null && reachable())
          generation = await organizationGeneration(redis, organizationId).catch(() => null);
        const policy = await askPolicy(call, organizationId);
        if (generation !== null && reachable())
          await fillPolicy(redis, { organizationId, generation, policy }).catch(() => {});
        return policy;
      }),
  };
}

export async function askSession(call: Call, sessionId: number): Promise<SessionState> {
  try {
    const found = await call(sessionState, { params: { session_id: sessionId } });
    if (!found.active) return { state: 'revoked' };
    const { user_id: userId, is_system_admin: isSystemAdmin, must_enrol: mustEnrol } = found;
    return {
      state: 'active',
      userId,
      isSystemAdmin,
      mustEnrol,
      deviceTrusted: found.device_trusted ?? false,
    };
  } catch (cause) {
    if (cause instanceof Failure && cause.code === 'SESSION_NOT_FOUND') return { state: 'revoked' };
    throw cause;
  }
}

/**
 * What the owner says of a token, and what of that may be kept: nothing where the owner's account is suspended, which
 * may end, nor of tokens that nobody knows.
 */
export async function askToken(
  call: Call,
  kind: TokenKind,
  hash: string,
): Promise<{ state: LoginState | null; known: Exclude<TokenState, { state: 'unknown' }> | null }> {
  try {
    const found = await call(TOKEN_OWNERS[kind], { body: { token_hash: hash } });
    if (found.state === 'suspended') return { state: { state: 'revoked' }, known: null };
    if (found.state === 'revoked') return { state: { state: 'revoked' }, known: { state: 'revoked' } };
    const token: TokenFacts = {
      id: found.token_id,
      organizationId: found.organization_id,
      bound: found.bound,
      scopes: found.scopes,
      clientId: found.client_id,
      keyThumbprint: found.key_thumbprint,
      ssoOrganizationId: found.sso_organization_id,
      createdAt: Date.parse(found.created_at),
      ...(found.networks?.length ? { networks: found.networks } : {}),
      expiresAt: Date.parse(found.expires_at),
    };
    const active = { state: 'active', userId: found.user_id, isSystemAdmin: false, token } as const;
    return { state: active, known: active };
  } catch (cause) {
    if (cause instanceof Failure && cause.code === 'TOKEN_NOT_FOUND') return { state: null, known: null };
    throw cause;
  }
}

const DAY = 86_400_000;

/** @param attributes where policies by attributes are asked for, if the organization has any */
export async function askPolicy(
  call: Call,
  organizationId: number,
  attributes = () => askAttributePolicies(call, organizationId),
): Promise<AccessPolicy> {
  const said = await call(accessPolicy, { params: { organization_id: organizationId } });
  const { personal_token_max_days: days } = said;
  return {
    ipAllowList: said.ip_allow_list,
    personalTokens: said.personal_tokens,
    personalTokenAge: days === null ? null : days * DAY,
    organizationTokens: said.organization_tokens,
    oauthApplications: said.oauth_applications,
    sso: said.sso && { exceptUserIds: said.sso.except_user_ids, loginUrl: said.sso.login_url },
    attributePolicies: said.attribute_policies ? await attributes() : [],
  };
}

export async function askAttributePolicies(
  call: Call,
  organizationId: number,
): Promise<readonly AttributePolicy[]> {
  const { policies } = await call(attributePolicies, { params: { organization_id: organizationId } });
  // Conditions are checked where they are made.
  return policies as unknown as AttributePolicy[];
}

export async function askMembership(call: Call, organizationId: number, userId: number): Promise<Membership> {
  const { member, is_admin, permissions, role_ids, workspaces, plan, until } = await call(memberPrincipal, {
    params: { organization_id: organizationId, user_id: userId },
  });
  return {
    member,
    isAdmin: is_admin,
    permissions,
    ...(role_ids === undefined ? {} : { roleIds: role_ids }),
    workspaces: workspaces.map(grant => ({
      workspaceIds: grant.workspace_ids,
      permissions: grant.permissions,
    })),
    plan,
    ...(until === undefined ? {} : { until: Date.parse(until) }),
  };
}
