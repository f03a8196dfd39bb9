import { createHash } from 'node:crypto';
import type { RedisClient } from '@rivergate/redis';
import { DPOP_WINDOW, type DpopProof } from './dpop-proof.ts';

/** Longer than a proof is good, from the earliest moment to the last. */
const KEPT_SECONDS = 2 * DPOP_WINDOW + 5;

/**
 * Notes that a proof was used, for all processes that share the Redis.
 *
 * @returns false where it was used before
 * @throws when Redis cannot be had or takes nothing more: then nobody can know
 */
export async function useDpopProof(redis: RedisClient, { keyThumbprint, id }: DpopProof): Promise<boolean> {
  const proof = createHash('sha256').update(`${keyThumbprint} ${id}`).digest('base64url');
  return (await redis.set(`dpop:${proof}`, '1', 'EX', KEPT_SECONDS, 'NX')) === 'OK';
}
