import type { RedisClient } from '@rivergate/redis';
import { type Counted, type Counters, counters } from './counters.ts';
import { portionOf, type RateLimit, type RateLimitClass, rateLimitsFromEnv } from './rate-limit-class.ts';

export type RateLimitVerdict = {
  class: RateLimitClass;
  allowed: boolean;
  limit: number;
  /** Length of the window in seconds. */
  windowSeconds: number;
  remaining: number;
  /** Seconds until the window ends, rounded up. */
  resetSeconds: number;
};

export type RateLimiter = {
  /** Counts one request of `key` against the class. Null when the class is off. */
  consume(rateClass: RateLimitClass, key: string): RateLimitVerdict | null | Promise<RateLimitVerdict | null>;
  /** Forgets what `key` has used of the class. */
  clear(rateClass: RateLimitClass, key: string): Promise<void>;
};

/**
 * Fixed windows counted in Redis, in the round trip of whatever else is asked over the connection at that moment; for the
 * classes that are about load, a small portion of them before Redis is told. While Redis cannot be had each process
 * counts in its own memory: limits get looser by the number of processes, never absent.
 */
export function rateLimiter(redis: RedisClient | null, env: Record<string, string | undefined>): RateLimiter {
  const limits = rateLimitsFromEnv(env);
  const counting = Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [
      name,
      limit && counters(redis, keyOf(name, ''), limit, portionOf(name as RateLimitClass, limit)),
    ]),
  ) as Record<RateLimitClass, Counters | null>;

  return {
    consume(rateClass, key) {
      const limit = limits[rateClass];
      if (!limit) return null;
      const counted = counting[rateClass]!.count(key);
      if (counted instanceof Promise) return counted.then(told => verdictOf(rateClass, limit, told));
      return verdictOf(rateClass, limit, counted);
    },
    async clear(rateClass, key) {
      counting[rateClass]?.forget(key);
      // A counter that could not be forgotten refuses too much, never too little, and ends with its window.
      if (redis?.status === 'ready') await redis.del(keyOf(rateClass, key)).catch(() => 0);
    },
  };
}

const keyOf = (rateClass: string, key: string) => `rate:${rateClass}:${key}`;

function verdictOf(
  rateClass: RateLimitClass,
  limit: RateLimit,
  { position, millisecondsLeft }: Counted,
): RateLimitVerdict {
  return {
    class: rateClass,
    allowed: position <= limit.count,
    limit: limit.count,
    windowSeconds: limit.seconds,
    remaining: Math.max(0, limit.count - position),
    resetSeconds: Math.max(1, Math.ceil(millisecondsLeft / 1000)),
  };
}

/**
 * Response headers that tell a client where it stands: RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10), X-RateLimit-* with the reset in seconds from now,
 * and Retry-After (RFC 9110, section 10.2.3) on a refusal.
 */
export function rateLimitHeaders(verdict: RateLimitVerdict): Record<string, string> {
  const headers: Record<string, string> = {
    'RateLimit-Policy': `"${verdict.class}";q=${verdict.limit};w=${verdict.windowSeconds}`,
    RateLimit: `"${verdict.class}";r=${verdict.remaining};t=${verdict.resetSeconds}`,
    'X-RateLimit-Limit': String(verdict.limit),
    'X-RateLimit-Remaining': String(verdict.remaining),
    'X-RateLimit-Reset': String(verdict.resetSeconds),
  };
  if (!verdict.allowed) headers['Retry-After'] = String(verdict.resetSeconds);
  return headers;
}
