import type { RedisClient } from '@rivergate/redis';
import type { Writer } from '../answer/write.ts';
import type { Fleet } from '../routes/fleet.ts';
import type { Siblings } from '../workers/siblings.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** The process lives. */
export function health(write: Writer): OwnEndpoint {
  return exchange => write.json(exchange, 200, { status: 'ok', service: 'gateway' });
}

/** Milliseconds for which an answer of Redis counts: probes come often, and from whoever likes. */
const PROBE_INTERVAL = 500;

type Watched = {
  fleet: Fleet;
  redis: RedisClient;
  siblings: Pick<Siblings, 'complete'>;
  leaving: () => boolean;
};

/**
 * 200 only while every service is ready, Redis answers, each worker has come up and the gateway is not stopping; 503
 * otherwise, saying which.
 */
export function readiness(write: Writer, { fleet, redis, siblings, leaving }: Watched): OwnEndpoint {
  let asked = { at: Number.NEGATIVE_INFINITY, answers: Promise.resolve(false) };
  const redisAnswers = () => {
    const at = performance.now();
    if (at - asked.at >= PROBE_INTERVAL) {
      const answers = redis.ping().then(
        () => true,
        () => false,
      );
      asked = { at, answers };
    }
    return asked.answers;
  };
  return async exchange => {
    const [cache, workers] = await Promise.all([redisAnswers(), siblings.complete()]);
    const services = Object.fromEntries(fleet.states().map(({ name, ready }) => [name, ready]));
    const ready = cache && workers && !leaving() && Object.values(services).every(Boolean);
    write.json(exchange, ready ? 200 : 503, {
      status: ready ? 'ready' : leaving() ? 'stopping' : 'not_ready',
      service: 'gateway',
      checks: { cache, workers },
      services,
    });
  };
}
