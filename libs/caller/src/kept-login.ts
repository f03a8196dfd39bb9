import { randomBytes } from 'node:crypto';
import type { RedisClient } from '@rivergate/redis';

/** Outlasts every answer that is on its way. */
const CHANGED_SECONDS = 300;

const REPLACE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

/** Keeps what the owner of a login said of it, where still stands what was seen before the question; empty for nothing. */
export async function keepLogin(
  redis: RedisClient,
  key: string,
  seen: string,
  said: string,
  seconds: number,
): Promise<void> {
  await redis.eval(REPLACE, 1, key, seen, said, seconds);
}

/** Marks that a login has changed: its owner is asked, and an answer to a question of before is not kept. */
export function changeLogin(redis: RedisClient, key: string): Promise<void> {
  return putLogin(redis, key, `changed ${randomBytes(9).toString('base64url')}`, CHANGED_SECONDS);
}

/** A full Redis refuses to write and still deletes: of what it does not know, the owner is asked. */
export async function putLogin(
  redis: RedisClient,
  key: string,
  value: string,
  seconds: number,
): Promise<void> {
  try {
    await redis.set(key, value, 'EX', seconds);
  } catch {
    await redis.del(key);
  }
}
