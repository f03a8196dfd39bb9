import { Pool } from 'undici';
import type { Upstream } from '../config.ts';
import { type Breaker, circuitBreaker } from './breaker.ts';

/** A service that requests are forwarded to: its connections and whether it answers at all. */
export type Destination = { name: string; url: URL; pool: Pool; breaker: Breaker };

/** Connections to one service; more requests wait for one that is free. */
const CONNECTIONS = 256;
const CONNECT_TIMEOUT = 1_000;
/** Milliseconds for which a stream may be silent, e.g. between two server-sent events. */
const SILENCE = 300_000;

export function destination({ name, url }: Upstream): Destination {
  return {
    name,
    url: new URL(url),
    pool: new Pool(new URL(url).origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT },
      bodyTimeout: SILENCE,
      allowH2: false,
    }),
    breaker: circuitBreaker(),
  };
}
