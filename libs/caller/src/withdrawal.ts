import { randomBytes } from 'node:crypto';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { mostListeners, type RedisClient, replicated, slotOf } from '@rivergate/redis';
import { Cluster } from 'ioredis';
import { acknowledgementsOf, barrierKey, followersChannel } from './access-keys.ts';

/** Milliseconds for which a gateway may believe its memory without having heard from Redis. */
export const BELIEVED = 400;
/** Milliseconds after which no gateway believes what stood in Redis before, whatever became of it. */
const PATIENCE = BELIEVED + 50;
/** Milliseconds for which others wait behind it, at most, while a replica is told. */
const REPLICATION = 100;
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

const announcing = new WeakMap<RedisClient, Map<number, Promise<void>>>();

/**
 * Withdraws something from the access state, and resolves when no gateway decides by it any more: when all that
 * remember anything have heard of it, or have not been able to for so long that they believe nothing.
 *
 * @param subject hash tag of what is withdrawn
 * @throws what `write` throws, as late
 */
export async function withdraw(
  redis: RedisClient,
  subject: string,
  write: () => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  try {
    await write();
  } catch (cause) {
    await pause(Math.max(0, began + PATIENCE - performance.now()));
    throw cause;
  }
  await heardByAll(redis, subject);
}

/** What was written in one turn of the event loop is announced together, to each slot of a cluster. */
function heardByAll(redis: RedisClient, subject: string): Promise<void> {
  const slot = slotOf(redis, subject);
  const slots = announcing.get(redis) ?? new Map<number, Promise<void>>();
  announcing.set(redis, slots);
  let announced = slots.get(slot);
  if (!announced) {
    announced = turn().then(() => {
      slots.delete(slot);
      return announce(redis, subject);
    });
    slots.set(slot, announced);
  }
  return announced;
}

async function announce(redis: RedisClient, subject: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  try {
    const key = barrierKey(subject, randomBytes(12).toString('base64url'));
    const [told, expected] = await Promise.all([
      redis.eval(ANNOUNCE, 1, key, followersChannel(redis)),
      expectedListeners(redis),
      replicated(redis, key, REPLICATION),
    ]);
    const listening = Math.max(Number(told), expected);
    const acknowledgements = acknowledgementsOf(key)!;
    for (let wait = 1; listening > 0 && performance.now() < end; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      if ((await redis.scard(acknowledgements)) >= listening) return;
      await pause(wait);
    }
  } catch {
    await pause(Math.max(0, end - performance.now()));
  }
}

/**
 * A master that was promoted a moment ago is followed by nobody yet, and gateways may still remember what the one before
 * it told them. In a cluster the other masters tell how many there are; behind Sentinels it is taken to be one.
 */
async function expectedListeners(redis: RedisClient): Promise<number> {
  if (redis instanceof Cluster) return mostListeners(redis, followersChannel(redis));
  return redis.options.sentinels ? 1 : 0;
}
