import { randomBytes } from 'node:crypto';
import type { RedisClient } from '@rivergate/redis';
import { ACCESS } from './access-keys.ts';
import type { AccessPolicy } from './access-policy.ts';
import type { Fact } from './fact-memory.ts';
import { readFacts, recallFacts } from './facts.ts';
import { changeLogin, keepLogin, putLogin } from './kept-login.ts';
import { type TokenKind, type TokenState, tokenKey, tokenStateOf } from './token-state.ts';
import { withdraw } from './withdrawal.ts';
import type { WorkspaceGrant } from './workspace-grant.ts';

/** What a user is in an organization. */
export type Membership = {
  member: boolean;
  isAdmin: boolean;
  /** Codes held organization-wide. */
  permissions: readonly string[];
  /** Roles held organization-wide; absent where an earlier version of organization has not told. */
  roleIds?: readonly number[];
  /** What is held in workspaces. */
  workspaces: readonly WorkspaceGrant[];
  plan: string | null;
  /** Until when it is true by itself, where a role is held for a time. Milliseconds since 1970. */
  until?: number;
};

/** A session, or a token that stands in place of one. */
export type LoginState = SessionState | TokenState;

export type SessionState =
  | {
      state: 'active';
      userId: number;
      isSystemAdmin: boolean;
      mustEnrol: boolean;
      deviceTrusted: boolean;
      token?: undefined;
    }
  | { state: 'revoked' }
  | { state: 'unknown'; seen: string };

/** Whether it is over by its time alone. Sessions end by being revoked, and their access tokens are short-lived. */
export function hasExpired({ token }: LoginState & { state: 'active' }): boolean {
  return token !== undefined && token.expiresAt <= Date.now();
}

/** By what a session, or a token in its place, is known. */
export type Login = { sessionId: number } | TokenLogin;

/** `tokenHash`: SHA-256 in hex. */
export type TokenLogin = { kind: TokenKind; tokenHash: string };

/** A membership as Redis knows it. Null means that the organization service must be asked. */
export type KnownMembership = { generation: string | null; membership: Membership | null };

/** The policy of an organization as Redis knows it. Null means that its owners must be asked. */
export type KnownPolicy = { generation: string | null; policy: AccessPolicy | null };

export type Access = {
  /** The session, or the token that stands in its place. */
  session: LoginState;
  memberships: KnownMembership[];
  policy: KnownPolicy;
  /** The moment for which all of it is known to be true: milliseconds, monotonic. */
  asOf: number;
};

/** Somebody in an organization. */
export type Member = { readonly organizationId: number; readonly userId: number };

/** About what something is asked. Never changed once it was asked. */
export type AccessQuestion = Readonly<Login> & {
  readonly members: readonly Member[];
  /** The organization whose policy is asked for; none where null. */
  readonly policyOf?: number | null;
};

/**
 * Seconds for which an answer of the owner is kept. Facts that change are cut off at once by projectAccess. Identity
 * takes a question about a session for activity, which may be shown late by a minute at most.
 */
const ACTIVE_SESSION_SECONDS = 55;
const MEMBERSHIP_SECONDS = 300;
const POLICY_SECONDS = 300;
/** Longer than an access token lives, so that no token outlives the memory of its revocation. */
const REVOKED_SESSION_SECONDS = 3700;
/** Longer than any membership or policy that was written under the generation. */
const GENERATION_SECONDS = 86_400;

/** What is changed and withdrawn together has one hash tag, and so one slot of a cluster. */
const session = (sessionId: number) => `{session:${sessionId}}`;
const organization = (organizationId: number) => `{organization:${organizationId}}`;

/** Below the prefix that gateways follow. */
const sessionKey = (sessionId: number) => `${ACCESS}${session(sessionId)}`;
const generationKey = (organizationId: number) => `${ACCESS}${organization(organizationId)}:generation`;
const membershipKey = (organizationId: number, userId: number) =>
  `${ACCESS}${organization(organizationId)}:membership:${userId}`;
/** Named otherwise than in versions that knew no policies by attributes, and left them out. */
const policyKey = (organizationId: number) => `${ACCESS}${organization(organizationId)}:policies`;

/**
 * What is known of the login, of each membership and of the policy, from the memory of the connection.
 * Null when Redis has to be asked.
 */
export function recallAccess(redis: RedisClient, asked: AccessQuestion): Access | null {
  const known = recallFacts(redis, factsOf(asked));
  return known && accessOf(asked, known.values, known.asOf);
}

/**
 * Reads the login, each membership and the policy from Redis, in the same round trip as whatever else
 * is asked over the connection in this turn of the event loop.
 */
export async function readAccess(redis: RedisClient, asked: AccessQuestion): Promise<Access> {
  const { values, asOf } = await readFacts(redis, factsOf(asked));
  return accessOf(asked, values, asOf);
}

type Kept<Value> = { generation: string; value: Value };
type AccessFact = Fact<LoginState> | Fact<string> | Fact<Kept<Membership>> | Fact<Kept<AccessPolicy>>;

/** By the question they answer: who asks with the same object again is spared putting the keys together. */
const named = new WeakMap<AccessQuestion, readonly AccessFact[]>();

function factsOf(asked: AccessQuestion): readonly AccessFact[] {
  const known = named.get(asked);
  if (known) return known;
  const facts: AccessFact[] = [
    'tokenHash' in asked
      ? { key: tokenKey(asked.tokenHash), parse: tokenStateOf }
      : { key: sessionKey(asked.sessionId), parse: sessionOf },
  ];
  for (const { organizationId, userId } of asked.members) {
    facts.push({ key: generationKey(organizationId), parse: String });
    facts.push({ key: membershipKey(organizationId, userId), parse: keptUnder<Membership> });
  }
  if (asked.policyOf != null) {
    facts.push({ key: generationKey(asked.policyOf), parse: String });
    facts.push({ key: policyKey(asked.policyOf), parse: keptUnder<AccessPolicy> });
  }
  named.set(asked, facts);
  return facts;
}

/** @param values in the order of factsOf */
function accessOf({ members, policyOf }: AccessQuestion, values: readonly unknown[], asOf: number): Access {
  const session = (values[0] as LoginState | null) ?? ({ state: 'unknown', seen: '' } as const);
  const memberships: KnownMembership[] = [];
  let index = 1;
  for (; memberships.length < members.length; index += 2) {
    const generation = values[index] as string | null;
    const membership = counting<Membership>(generation, values[index + 1]);
    memberships.push({ generation, membership: membership && isOver(membership) ? null : membership });
  }
  if (policyOf == null) return { session, memberships, policy: NO_POLICY, asOf };
  const generation = values[index] as string | null;
  const policy = { generation, policy: counting<AccessPolicy>(generation, values[index + 1]) };
  return { session, memberships, policy, asOf };
}

const NO_POLICY: KnownPolicy = { generation: null, policy: null };

/** What was kept counts under the present generation alone. */
function counting<Value>(generation: string | null, kept: unknown): Value | null {
  const found = kept as Kept<Value> | null;
  return found !== null && found.generation === generation ? found.value : null;
}

function isOver({ until }: Membership): boolean {
  return until !== undefined && until <= Date.now();
}

function sessionOf(text: string): SessionState {
  if (text === 'revoked') return { state: 'revoked' };
  if (!text.startsWith('active:')) return { state: 'unknown', seen: text };
  const [, userId, isSystemAdmin, mustEnrol, deviceTrusted] = text.split(':');
  return {
    state: 'active',
    userId: Number(userId),
    isSystemAdmin: isSystemAdmin === 'true',
    mustEnrol: mustEnrol === 'true',
    deviceTrusted: deviceTrusted === 'true',
  };
}

/** The generation stands before the JSON. */
function keptUnder<Value>(text: string): Kept<Value> {
  const end = text.indexOf(' ');
  return { generation: text.slice(0, end), value: JSON.parse(text.slice(end + 1)) as Value };
}

/**
 * Keeps what identity said of a session, unless it was revoked or changed since the question.
 *
 * @param seen of the unknown state that led to the question
 */
export async function fillSession(
  redis: RedisClient,
  seen: string,
  session: {
    sessionId: number;
    userId: number;
    active: boolean;
    isSystemAdmin: boolean;
    mustEnrol: boolean;
    deviceTrusted?: boolean;
  },
): Promise<void> {
  const key = sessionKey(session.sessionId);
  if (!session.active) return putLogin(redis, key, 'revoked', REVOKED_SESSION_SECONDS);
  const value = `active:${session.userId}:${session.isSystemAdmin}:${session.mustEnrol}:${session.deviceTrusted ?? false}`;
  await keepLogin(redis, key, seen, value, ACTIVE_SESSION_SECONDS);
}

/** Marks a session as ended; every token of it answers 401 once this has resolved, on every gateway. */
export function revokeSession(redis: RedisClient, sessionId: number): Promise<void> {
  const mark = () => putLogin(redis, sessionKey(sessionId), 'revoked', REVOKED_SESSION_SECONDS);
  return withdraw(redis, session(sessionId), mark);
}

/** Has the next request of a session ask identity anew, on every gateway: what was said of it is out of date. */
export function forgetSession(redis: RedisClient, sessionId: number): Promise<void> {
  return withdraw(redis, session(sessionId), () => changeLogin(redis, sessionKey(sessionId)));
}

/**
 * The generation under which an organization's memberships and its policy count. Ask for it BEFORE asking the owner: a change
 * in between makes what the owner said worthless instead of stale. It leaves a key behind: ask for no organization
 * but those that are known to exist.
 */
export async function organizationGeneration(redis: RedisClient, organizationId: number): Promise<string> {
  const key = generationKey(organizationId);
  await redis.set(key, newGeneration(), 'EX', GENERATION_SECONDS, 'NX');
  return (await redis.get(key)) ?? newGeneration();
}

/** Keeps what organization said of a member, under the generation that was read before asking. */
export async function fillMembership(
  redis: RedisClient,
  known: { organizationId: number; userId: number; generation: string; membership: Membership },
): Promise<void> {
  const value = `${known.generation} ${JSON.stringify(known.membership)}`;
  await redis.set(membershipKey(known.organizationId, known.userId), value, 'EX', MEMBERSHIP_SECONDS);
}

/** Keeps what was said of an organization's policy, under the generation that was read before asking. */
export async function fillPolicy(
  redis: RedisClient,
  known: { organizationId: number; generation: string; policy: AccessPolicy },
): Promise<void> {
  const value = `${known.generation} ${JSON.stringify(known.policy)}`;
  await redis.set(policyKey(known.organizationId), value, 'EX', POLICY_SECONDS);
}

/**
 * Cuts off every membership known of an organization, and its policy: the next request asks the owner, under a new
 * generation, on every gateway. A deletion, because that is what a full Redis still does.
 */
export function forgetMemberships(redis: RedisClient, organizationId: number): Promise<void> {
  return withdraw(redis, organization(organizationId), () => redis.del(generationKey(organizationId)));
}

/** Random, not a counter: a counter that Redis evicted would start again and revive old memberships. */
function newGeneration(): string {
  return randomBytes(9).toString('base64url');
}
