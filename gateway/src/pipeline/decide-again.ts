import type { RedisClient } from '@rivergate/redis';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';
import { readAnew } from './gather.ts';
import { organizationPolicy } from './organization-policy.ts';
import { principal } from './principal.ts';
import { revocation } from './revocation.ts';

/** Milliseconds for which a decision about rights may wait for the rest of its request. */
const HOLDS = 500;

/**
 * Decides again about a request whose body, or whose connection to the service, took its time: what was allowed when
 * its headers came may no longer be. Nothing is counted a second time.
 */
export function decideAgain(redis: RedisClient, owners: Owners) {
  const read = readAnew(redis);
  const revoked = revocation(owners);
  const entitled = principal(owners);
  const admitted = organizationPolicy(owners, null);
  return (exchange: Exchange): void | Promise<void> => {
    if (!exchange.token || performance.now() - exchange.decidedAt <= HOLDS) return;
    return read(exchange)
      .then(() => revoked(exchange))
      .then(() => entitled(exchange))
      .then(() => admitted(exchange));
  };
}
