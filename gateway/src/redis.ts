import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** The gateway's connection. Nobody waits for a server that is away, because there is another way to every answer. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    socketTimeout: 1_000,
    connectTimeout: 2_000,
    retryStrategy: attempt => Math.min(50 * attempt, 500),
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
