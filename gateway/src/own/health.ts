import type { Redis } from 'ioredis';
import type { Writer } from '../answer/write.ts';
import type { Fleet } from '../routes/fleet.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** The process lives. */
export function health(write: Writer): OwnEndpoint {
  return exchange => write.json(exchange, 200, { status: 'ok', service: 'gateway' });
}

/** 200 only while every service is ready, Redis answers and the gateway is not stopping; 503 otherwise, saying which. */
export function readiness(write: Writer, fleet: Fleet, redis: Redis, stopping: () => boolean): OwnEndpoint {
  return async exchange => {
    const cache = await redis.ping().then(
      () => true,
      () => false,
    );
    const services = Object.fromEntries(fleet.states().map(({ name, ready }) => [name, ready]));
    const ready = cache && !stopping() && Object.values(services).every(Boolean);
    write.json(exchange, ready ? 200 : 503, {
      status: ready ? 'ready' : stopping() ? 'stopping' : 'not_ready',
      service: 'gateway',
      checks: { cache },
      services,
    });
  };
}
