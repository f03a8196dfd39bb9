import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { type RateLimit, type RateLimitClass, rateLimitsFromEnv } from './rate-limit-class.ts';

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
  consume(rateClass: RateLimitClass, key: string): Promise<RateLimitVerdict | null>;
  /** Forgets what `key` has used of the class. */
  clear(rateClass: RateLimitClass, key: string): Promise<void>;
};

/**
 * Fixed windows counted in Redis, one atomic command a request. While Redis cannot be had each process
 * counts in its own memory: limits get looser by the number of processes, never absent.
 */
export function rateLimiter(redis: Redis | null, env: Record<string, string | undefined>): RateLimiter {
  const limits = rateLimitsFromEnv(env);
  const limiters = Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, limit && limiterOf(redis, name, limit)]),
  ) as Record<RateLimitClass, (RateLimiterRedis | RateLimiterMemory) | null>;

  return {
    async consume(rateClass, key) {
      const limiter = limiters[rateClass];
      const limit = limits[rateClass];
      if (!limiter || !limit) return null;
      try {
        return verdictOf(rateClass, limit, await limiter.consume(key), true);
      } catch (refusal) {
        if (refusal instanceof Error) throw refusal;
        return verdictOf(rateClass, limit, refusal as RateLimiterRes, false);
      }
    },
    async clear(rateClass, key) {
      await limiters[rateClass]?.delete(key);
    },
  };
}

function limiterOf(redis: Redis | null, name: string, limit: RateLimit) {
  const memory = new RateLimiterMemory({
    keyPrefix: `rate:${name}`,
    points: limit.count,
    duration: limit.seconds,
  });
  if (!redis) return memory;
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `rate:${name}`,
    points: limit.count,
    duration: limit.seconds,
    rejectIfRedisNotReady: true,
    insuranceLimiter: memory,
  });
}

function verdictOf(
  rateClass: RateLimitClass,
  limit: RateLimit,
  result: RateLimiterRes,
  allowed: boolean,
): RateLimitVerdict {
  return {
    class: rateClass,
    allowed,
    limit: limit.count,
    windowSeconds: limit.seconds,
    remaining: Math.max(0, limit.count - result.consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
  };
}

/**
 * Response headers that tell a client where it stands: RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10), X-RateLimit-* with the reset in seconds from now,
 * and Retry-After (RFC 9110, section 10.2.3) on a refusal. Where two limits were counted both are listed, and the
 * older headers, which have room for one, speak of that which refused or else of the first.
 */
export function rateLimitHeaders(
  verdict: RateLimitVerdict,
  other: RateLimitVerdict | null = null,
): Record<string, string> {
  const binding = other && verdict.allowed && !other.allowed ? other : verdict;
  const headers: Record<string, string> = {
    'RateLimit-Policy': other ? `${policyOf(verdict)}, ${policyOf(other)}` : policyOf(verdict),
    RateLimit: other ? `${standingOf(verdict)}, ${standingOf(other)}` : standingOf(verdict),
    'X-RateLimit-Limit': String(binding.limit),
    'X-RateLimit-Remaining': String(binding.remaining),
    'X-RateLimit-Reset': String(binding.resetSeconds),
  };
  if (!binding.allowed) headers['Retry-After'] = String(binding.resetSeconds);
  return headers;
}

const policyOf = (verdict: RateLimitVerdict) =>
  `"${verdict.class}";q=${verdict.limit};w=${verdict.windowSeconds}`;
const standingOf = (verdict: RateLimitVerdict) =>
  `"${verdict.class}";r=${verdict.remaining};t=${verdict.resetSeconds}`;
