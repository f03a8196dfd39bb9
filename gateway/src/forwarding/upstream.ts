import { Agent, Pool, request } from 'undici';
import type { Config, Upstream } from '../config.ts';
import { type Breaker, breaker } from './breaker.ts';
import { type Places, places } from './places.ts';

/** A service that requests are forwarded to: its connections and whether it answers at all. */
export type Destination = {
  name: string;
  url: URL;
  pool: Pool;
  /** One for each connection of the pool: who holds one does not wait inside the pool. */
  connections: Places;
  /** How many of the connections may carry a body that the client is still sending. */
  uploads: Places;
  /** For answers that stay open, which get a connection of their own: others find as many as before. */
  streams: Places;
  breaker: Breaker;
  stop(): Promise<void>;
};

/** Milliseconds. A credential is signed before its connection is open, so this also bounds how old it gets. */
const CONNECT_TIMEOUT = 500;
/** Milliseconds for which a stream may be silent, e.g. between two server-sent events. */
const SILENCE = 300_000;
/** Milliseconds within which a service that is well says so. */
const HEALTH_TIMEOUT = 1_000;

export function destination(
  { name, url }: Upstream,
  { most, streams, wait }: Config['connections'],
): Destination {
  const { origin } = new URL(url);
  const pool = new Pool(origin, {
    connections: most + streams,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT },
    bodyTimeout: SILENCE,
    allowH2: false,
  });
  // Apart from the requests of clients, none of which can keep the question from being asked.
  const asking = new Agent({ connections: 1, connect: { timeout: HEALTH_TIMEOUT } });
  const healthy = async () => {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT);
    const { statusCode, body } = await request(`${origin}/health`, { dispatcher: asking, signal });
    await body.dump();
    if (statusCode >= 500) throw new Error(`${name} says that it is not well`);
  };
  const breaking = breaker(healthy);
  return {
    name,
    url: new URL(url),
    pool,
    connections: places(most, wait),
    uploads: places(Math.ceil(most / 2), wait),
    streams: places(streams, wait),
    breaker: breaking,
    async stop() {
      breaking.stop();
      await Promise.all([pool.destroy(), asking.destroy()]);
    },
  };
}
