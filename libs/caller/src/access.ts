import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { roundTripOf } from './round-trip.ts';
import type { WorkspaceGrant } from './workspace-grant.ts';

/** What a user is in an organization. */
export type Membership = {
  member: boolean;
  isAdmin: boolean;
  /** Codes held organization-wide. */
  permissions: readonly string[];
  /** What is held in workspaces. */
  workspaces: readonly WorkspaceGrant[];
  plan: string | null;
};

export type SessionState =
  | { state: 'active'; userId: number; isSystemAdmin: boolean }
  | { state: 'revoked' }
  | { state: 'unknown' };

/** A membership as Redis knows it. Null means that the organization service must be asked. */
export type KnownMembership = { generation: string | null; membership: Membership | null };

export type Access = { session: SessionState; memberships: KnownMembership[] };

/**
 * Seconds for which an answer of the owner is kept. Facts that change are cut off at once by projectAccess. Identity
 * takes a question about a session for activity, which may be shown late by a minute at most.
 */
const ACTIVE_SESSION_SECONDS = 55;
const MEMBERSHIP_SECONDS = 300;
/** Longer than an access token lives, so that no token outlives the memory of its revocation. */
const REVOKED_SESSION_SECONDS = 3700;
/** Longer than any membership that was written under the generation. */
const GENERATION_SECONDS = 86_400;

const sessionKey = (sessionId: number) => `session:${sessionId}`;
const generationKey = (organizationId: number) => `organization-generation:${organizationId}`;
const membershipKey = (organizationId: number, userId: number) => `membership:${organizationId}:${userId}`;

/**
 * Reads the session and the user's membership of each organization, in the same round trip as whatever else is asked
 * over the connection in this turn of the event loop.
 */
export async function readAccess(
  redis: Redis,
  asked: { sessionId: number; userId: number; organizationIds: readonly number[] },
): Promise<Access> {
  const keys = [sessionKey(asked.sessionId)];
  for (const organizationId of asked.organizationIds) {
    keys.push(generationKey(organizationId), membershipKey(organizationId, asked.userId));
  }
  const values = await roundTripOf(redis).read(keys);
  return {
    session: sessionOf(values[0] ?? null),
    memberships: asked.organizationIds.map((_, index) =>
      membershipOf(values[1 + 2 * index] ?? null, values[2 + 2 * index] ?? null),
    ),
  };
}

function sessionOf(value: string | null): SessionState {
  if (value === null) return { state: 'unknown' };
  if (value.startsWith('active:')) {
    const [, userId, isSystemAdmin] = value.split(':');
    return { state: 'active', userId: Number(userId), isSystemAdmin: isSystemAdmin === 'true' };
  }
  return { state: 'revoked' };
}

function membershipOf(generation: string | null, value: string | null): KnownMembership {
  if (generation === null || value === null) return { generation, membership: null };
  // The generation stands before the JSON: a stale record is told apart without parsing it.
  const end = value.indexOf(' ');
  if (value.slice(0, end) !== generation) return { generation, membership: null };
  return { generation, membership: JSON.parse(value.slice(end + 1)) as Membership };
}

/** Keeps what identity said of a session. An active one never overwrites a revocation that came meanwhile. */
export async function fillSession(
  redis: Redis,
  session: { sessionId: number; userId: number; active: boolean; isSystemAdmin: boolean },
): Promise<void> {
  if (!session.active) return revokeSession(redis, session.sessionId);
  const value = `active:${session.userId}:${session.isSystemAdmin}`;
  await redis.set(sessionKey(session.sessionId), value, 'EX', ACTIVE_SESSION_SECONDS, 'NX');
}

/**
 * Marks a session as ended; every token of it answers 401 from now on. A full Redis refuses to write that and still
 * deletes: what it does not know, the gateway asks identity.
 */
export async function revokeSession(redis: Redis, sessionId: number): Promise<void> {
  const key = sessionKey(sessionId);
  try {
    await redis.set(key, 'revoked', 'EX', REVOKED_SESSION_SECONDS);
  } catch {
    await redis.del(key);
  }
}

/**
 * The generation under which an organization's memberships count. Ask for it BEFORE asking the owner: a change
 * in between makes what the owner said worthless instead of stale. It leaves a key behind: ask for no organization
 * but those that are known to exist.
 */
export async function organizationGeneration(redis: Redis, organizationId: number): Promise<string> {
  const key = generationKey(organizationId);
  await redis.set(key, newGeneration(), 'EX', GENERATION_SECONDS, 'NX');
  return (await redis.get(key)) ?? newGeneration();
}

/** Keeps what organization said of a member, under the generation that was read before asking. */
export async function fillMembership(
  redis: Redis,
  known: { organizationId: number; userId: number; generation: string; membership: Membership },
): Promise<void> {
  const value = `${known.generation} ${JSON.stringify(known.membership)}`;
  await redis.set(membershipKey(known.organizationId, known.userId), value, 'EX', MEMBERSHIP_SECONDS);
}

/**
 * Cuts off every membership known of an organization: the next request of each member asks the owner, under a new
 * generation. A deletion, because that is what a full Redis still does.
 */
export async function forgetMemberships(redis: Redis, organizationId: number): Promise<void> {
  await redis.del(generationKey(organizationId));
}

/** Random, not a counter: a counter that Redis evicted would start again and revive old memberships. */
function newGeneration(): string {
  return randomBytes(9).toString('base64url');
}
