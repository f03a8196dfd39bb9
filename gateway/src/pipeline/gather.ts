import { type AccessQuestion, readAccess, recallAccess } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from '../tokens/access-token.ts';

/**
 * Step: what the next ones decide by, the session and the memberships. From the memory that Redis keeps true, else from
 * Redis: then the requests of one turn of the event loop share a round trip.
 */
export function gather(redis: RedisClient) {
  const read = readAnew(redis);
  return (exchange: Exchange): void | Promise<void> => {
    exchange.decidedAt = exchange.startedAt;
    if (!exchange.token) return;
    const access = recallAccess(redis, questionOf(exchange));
    if (!access) return read(exchange);
    exchange.access = access;
    exchange.decidedAt = access.asOf;
  };
}

/** Reads from Redis, whatever is remembered. Where it cannot be had, nothing is known, and the owners are asked. */
export function readAnew(redis: RedisClient) {
  return async (exchange: Exchange): Promise<void> => {
    exchange.decidedAt = performance.now();
    exchange.access = null;
    if (redis.status !== 'ready') return;
    exchange.access = await readAccess(redis, questionOf(exchange)).catch(() => null);
  };
}

/** The last question about each token: asked again as the same object, its facts have not to be named anew. */
const latest = new WeakMap<AccessToken, { named: number | null; question: AccessQuestion }>();

function questionOf({ token, pathOrganizationId: named }: Exchange): AccessQuestion {
  const known = latest.get(token!);
  if (known?.named === named) return known.question;
  const { login, userId, organizationId } = token!;
  const question = { ...login, userId, organizationIds: organizationsAbout(organizationId, named) };
  latest.set(token!, { named, question });
  return question;
}

function organizationsAbout(active: number | null, named: number | null): number[] {
  if (named === null || named === active) return active === null ? [] : [active];
  return active === null ? [named] : [active, named];
}

/** The organizations that the decision is about: the token's active one and the one that the path names. */
export function organizationsOf(exchange: Exchange): readonly number[] {
  return questionOf(exchange).organizationIds;
}
