import type { Log } from '@rivergate/endpoint';
import { Redis } from 'ioredis';

/** A connection that gives up quickly: whoever asks has an answer for Redis being away, and no time to wait for it. */
export function connectRedis(url: string, log: Log): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    commandTimeout: 1_000,
    connectTimeout: 2_000,
    retryStrategy: attempt => Math.min(50 * attempt, 1_000),
    lazyConnect: false,
  });
  redis.on('error', (cause: Error) => log.warn({ reason: cause.message }, 'Redis does not answer'));
  return redis;
}
