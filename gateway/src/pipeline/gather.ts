import { type AccessQuestion, readAccess, recallAccess } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Exchange } from '../exchange.ts';

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

function questionOf(exchange: Exchange): AccessQuestion {
  const { login, userId } = exchange.token!;
  return { ...login, userId, organizationIds: organizationsOf(exchange) };
}

/** The organizations that the decision is about: the token's active one and the one that the path names. */
export function organizationsOf({ token, pathOrganizationId }: Exchange): number[] {
  const active = token?.organizationId ?? null;
  if (pathOrganizationId === null || pathOrganizationId === active) return active === null ? [] : [active];
  return active === null ? [pathOrganizationId] : [active, pathOrganizationId];
}
