import type { Redis } from 'ioredis';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { type RateLimit, type RateLimitClass, rateLimitsFromEnv } from './rate-limit-class.ts';
import { type Count, roundTripOf } from './round-trip.ts';

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
 * Fixed windows counted in Redis, in the round trip of whatever else is asked over the connection at that moment.
 * While Redis cannot be had each process counts in its own memory: limits get looser by the number of processes,
 * never absent.
 */
export function rateLimiter(redis: Redis | null, env: Record<string, string | undefined>): RateLimiter {
  const limits = rateLimitsFromEnv(env);
  const memories = Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, limit && memoryOf(name, limit)]),
  ) as Record<RateLimitClass, RateLimiterMemory | null>;
  const roundTrip = redis && roundTripOf(redis);

  return {
    async consume(rateClass, key) {
      const limit = limits[rateClass];
      const memory = memories[rateClass];
      if (!limit || !memory) return null;
      if (redis?.status !== 'ready') return verdictOf(rateClass, limit, await countInMemory(memory, key));
      const counted = await roundTrip!
        .count(keyOf(rateClass, key), limit.seconds)
        .catch(() => countInMemory(memory, key));
      return verdictOf(rateClass, limit, counted);
    },
    async clear(rateClass, key) {
      await memories[rateClass]?.delete(key);
      // A counter that could not be forgotten refuses too much, never too little, and ends with its window.
      if (redis?.status === 'ready') await redis.del(keyOf(rateClass, key)).catch(() => 0);
    },
  };
}

const keyOf = (rateClass: RateLimitClass, key: string) => `rate:${rateClass}:${key}`;

function memoryOf(name: string, { count, seconds }: RateLimit): RateLimiterMemory {
  return new RateLimiterMemory({
    keyPrefix: keyOf(name as RateLimitClass, ''),
    points: count,
    duration: seconds,
  });
}

async function countInMemory(memory: RateLimiterMemory, key: string): Promise<Count> {
  // It refuses by rejecting with what it counted.
  const counted: RateLimiterRes = await memory.consume(key).catch(refusal => refusal);
  return { count: counted.consumedPoints, millisecondsLeft: counted.msBeforeNext };
}

function verdictOf(
  rateClass: RateLimitClass,
  limit: RateLimit,
  { count, millisecondsLeft }: Count,
): RateLimitVerdict {
  return {
    class: rateClass,
    allowed: count <= limit.count,
    limit: limit.count,
    windowSeconds: limit.seconds,
    remaining: Math.max(0, limit.count - count),
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
