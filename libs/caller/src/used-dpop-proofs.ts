import type { RedisClient } from '@rivergate/redis';
import { DPOP_WINDOW, type DpopProof } from './dpop-proof.ts';
import { isFirstUse } from './first-use.ts';

/** Longer than a proof is good, from the earliest moment to the last. */
const KEPT_SECONDS = 2 * DPOP_WINDOW + 5;

/**
 * Notes that a proof was used, for all processes that share the Redis.
 *
 * @returns false where it was used before
 * @throws when Redis cannot be had or takes nothing more: then nobody can know
 */
export const useDpopProof = (redis: RedisClient, { keyThumbprint, id }: DpopProof): Promise<boolean> =>
  isFirstUse(redis, 'dpop', `${keyThumbprint} ${id}`, KEPT_SECONDS);
