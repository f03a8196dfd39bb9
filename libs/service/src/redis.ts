import type { Log } from '@rivergate/endpoint';
import { Redis, type RedisOptions } from 'ioredis';

/** What becomes of a command while Redis is away: it fails at once, or waits a second for it to come back. */
const WHILE_AWAY = {
  fails: { enableOfflineQueue: false, maxRetriesPerRequest: 0, socketTimeout: 1_000 },
  waits: { maxRetriesPerRequest: 1, commandTimeout: 1_000 },
} satisfies Record<string, RedisOptions>;

/**
 * A connection that gives up quickly: whoever asks has an answer for Redis being away.
 *
 * @param whileAway `fails` on the way of a request that has another way to every answer
 */
export function connectRedis(url: string, log: Log, whileAway: keyof typeof WHILE_AWAY): Redis {
  const redis = new Redis(url, {
    connectTimeout: 2_000,
    retryStrategy: attempt => Math.min(50 * attempt, 500),
    ...WHILE_AWAY[whileAway],
  });
  redis.on('error', (cause: Error) => log.warn({ reason: cause.message }, 'Redis does not answer'));
  return redis;
}

/** Resolves when the connection stands, or after `milliseconds` without it. */
export function whenConnected(redis: Redis, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
