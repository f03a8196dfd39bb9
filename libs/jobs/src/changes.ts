import type { Log } from '@rivergate/endpoint';
import { listenerOf, type RedisClient } from '@rivergate/redis';

/** Milliseconds between two messages about one job. */
const THROTTLE = 250;

/** Tells every process of a service that a job has changed, and hears of it. A message only says: look. */
export interface Changes {
  tell(jobId: number): void;
  /** @returns what ends it */
  follow(jobId: number, look: () => void): () => void;
  stop(): void;
}

export function jobChanges(redis: RedisClient, service: string, log: Log): Changes {
  const channel = `rivergate:jobs:${service}`;
  const followers = new Map<number, Set<() => void>>();
  /** Jobs that were told of a moment ago, with whether they have changed since. */
  const told = new Map<number, boolean>();
  let subscriber: RedisClient | undefined;
  let stopped = false;

  const publish = (jobId: number) => {
    // Lost, as all messages may be: whoever follows a job also looks by themselves.
    redis.publish(channel, String(jobId)).catch(() => {});
    told.set(jobId, false);
    setTimeout(() => {
      const again = told.get(jobId);
      told.delete(jobId);
      if (again && !stopped) publish(jobId);
    }, THROTTLE).unref();
  };

  const subscribe = () => {
    const connection = listenerOf(redis);
    connection.on('error', () => {});
    connection.on('message', (_channel: string, jobId: string) => {
      for (const look of followers.get(Number(jobId)) ?? []) look();
    });
    connection
      .subscribe(channel)
      .catch(cause => log.warn({ reason: String(cause) }, 'Progress of jobs is not heard of'));
    return connection;
  };

  return {
    tell(jobId) {
      if (told.has(jobId)) told.set(jobId, true);
      else publish(jobId);
    },
    follow(jobId, look) {
      subscriber ??= subscribe();
      const looking = followers.get(jobId) ?? new Set();
      followers.set(jobId, looking.add(look));
      return () => {
        looking.delete(look);
        if (looking.size === 0) followers.delete(jobId);
      };
    },
    stop() {
      stopped = true;
      subscriber?.disconnect();
    },
  };
}
