import { createHash } from 'node:crypto';
import type { RedisClient } from '@rivergate/redis';

/**
 * What counts once: proofs of possession, assertions by which clients prove themselves, answers that a browser posts, and
 * messages of identity providers.
 */
export type CountsOnce = 'dpop' | 'client-assertion' | 'posted-answer' | 'saml-message' | 'logout-token';

/**
 * Notes that something was used, for all processes that share the Redis.
 *
 * @param seconds longer than it would be good
 * @returns false where it was used before
 * @throws when Redis cannot be had or takes nothing more: then nobody can know
 */
export async function isFirstUse(
  redis: RedisClient,
  kind: CountsOnce,
  name: string,
  seconds: number,
): Promise<boolean> {
  const hash = createHash('sha256').update(name).digest('base64url');
  return (await redis.set(`${kind}:${hash}`, '1', 'EX', seconds, 'NX')) === 'OK';
}
