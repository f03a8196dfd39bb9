import { randomBytes } from 'node:crypto';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { acknowledgementsOf, barrierKey, followersChannel } from './access-keys.ts';

/** Milliseconds for which a gateway may believe its memory without having heard from Redis. */
export const BELIEVED = 400;
/** Milliseconds after which no gateway believes what stood in Redis before, whatever became of it. */
const PATIENCE = BELIEVED + 50;
/** Milliseconds between two looks at the acknowledgements, at most. */
const LONGEST_PAUSE = 16;

/** Counts the gateways that listen, and tells them; the key is gone at once, so that it changes only this once. */
const ANNOUNCE = `
local listening = redis.call('PUBSUB', 'NUMSUB', ARGV[1])[2]
if listening > 0 then
  redis.call('SET', KEYS[1], '')
  redis.call('DEL', KEYS[1])
end
return listening`;

const announcing = new WeakMap<Redis, Promise<void>>();

/**
 * Withdraws something from the access state, and resolves when no gateway decides by it any more: when all that
 * remember anything have heard of it, or have not been able to for so long that they believe nothing.
 *
 * @param subject hash tag of what is withdrawn
 * @throws what `write` throws, as late
 */
export async function withdraw(redis: Redis, subject: string, write: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  try {
    await write();
  } catch (cause) {
    await pause(began + PATIENCE - performance.now());
    throw cause;
  }
  await heardByAll(redis, subject);
}

/** What was written in one turn of the event loop is announced together. */
function heardByAll(redis: Redis, subject: string): Promise<void> {
  let announced = announcing.get(redis);
  if (!announced) {
    announced = turn().then(() => {
      announcing.delete(redis);
      return announce(redis, subject);
    });
    announcing.set(redis, announced);
  }
  return announced;
}

async function announce(redis: Redis, subject: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  try {
    const key = barrierKey(subject, randomBytes(12).toString('base64url'));
    const listening = Number(await redis.call('EVAL', ANNOUNCE, 1, key, followersChannel(redis)));
    const acknowledgements = acknowledgementsOf(key)!;
    for (let wait = 1; listening > 0 && performance.now() < end; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      if ((await redis.scard(acknowledgements)) >= listening) return;
      await pause(wait);
    }
  } catch {
    await pause(end - performance.now());
  }
}
