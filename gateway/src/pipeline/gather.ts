import { type Access, type RateLimiter, readAccess } from '@rivergate/caller';
import type { Redis } from 'ioredis';
import type { Exchange } from '../exchange.ts';
import { limitKeys } from './rate-limit.ts';

/**
 * Step: one round trip for what the next three decide by. Session, memberships and the rate counter are asked for
 * in the same turn of the event loop, and libs/caller sends them together, with those of all requests of that turn.
 * The counter is that of the class under which the token was last seen; the rate limit step counts again if the class
 * has changed.
 */
export function gather(redis: Redis, limiter: RateLimiter) {
  return async (exchange: Exchange): Promise<void> => {
    const { token } = exchange;
    exchange.decidedAt = performance.now();
    exchange.countedAs = token?.lastClass ?? 'standard';
    const general = limiter.consume(exchange.countedAs, limitKeys(exchange).caller);
    if (token) exchange.access = await accessOf(redis, exchange);
    exchange.general = await general;
  };
}

/** Reads the session and the memberships anew, and counts nothing. */
export function readAgain(redis: Redis) {
  return async (exchange: Exchange): Promise<void> => {
    exchange.decidedAt = performance.now();
    exchange.access = await accessOf(redis, exchange);
  };
}

/** The organizations that the decision is about: the token's active one and the one that the path names. */
export function organizationsOf({ token, pathOrganizationId }: Exchange): number[] {
  const active = token?.organizationId ?? null;
  if (pathOrganizationId === null || pathOrganizationId === active) return active === null ? [] : [active];
  return active === null ? [pathOrganizationId] : [active, pathOrganizationId];
}

/** Null when Redis cannot be had: then the owners are asked. */
async function accessOf(redis: Redis, exchange: Exchange): Promise<Access | null> {
  const { token } = exchange;
  if (!token || redis.status !== 'ready') return null;
  const { sessionId, userId } = token;
  try {
    return await readAccess(redis, { sessionId, userId, organizationIds: organizationsOf(exchange) });
  } catch {
    return null;
  }
}
