import { forgetToken } from '@rivergate/caller';
import type { ConsumerTools } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { hashesInUse, type WhichTokens } from './token-store.ts';

/** Has the gateway ask about tokens anew, right after the commit: what was said of them is out of date. */
export async function forgetTokens(
  redis: RedisClient,
  { db, log }: Pick<ConsumerTools, 'db' | 'log'>,
  which: WhichTokens,
): Promise<void> {
  const hashes = await hashesInUse(db, which);
  db.executionPromise
    ?.then(() => Promise.all(hashes.map(hash => forgetToken(redis, hash))))
    .catch(cause => log.warn({ err: cause }, 'Tokens are good for as long as they are known'));
}
