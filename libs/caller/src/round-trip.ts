import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** What stands under a key, and for how long it will; Infinity where it has no end. */
export type Stored = { text: string; millisecondsLeft: number };

/** A counter after its use: how many there were in its window, and milliseconds until the window ends. */
export type Count = { count: number; millisecondsLeft: number };

/** Redis has surely not counted; any other failure leaves that open. */
export class NotCounted extends Error {
  override name = 'NotCounted';
}

/** What many requests ask one connection at the same time. Rejects when Redis cannot be had: another way is at hand. */
export type RoundTrip = {
  /** What stands under keys; null where nothing does. Rejects also when Redis takes no writes: it may be out of date. */
  read(keys: readonly string[]): Promise<(Stored | null)[]>;
  /** Counts `uses` in a fixed window that begins with the first one. */
  count(key: string, windowSeconds: number, uses?: number): Promise<Count>;
};

/**
 * Reads ARGV[1] keys, each with the time it has left, and counts in all others: their windows and then their uses are
 * the other arguments. What a Redis says that does not even delete (a replica, or one that cannot write to its disk) is
 * not read: whoever had something to withdraw could not. A full one deletes. A counter that fails (memory full,
 * read-only replica) is told by -1 and spoils nothing for the others. A counter without an end, which nothing here
 * leaves behind, gets one.
 */
const SCRIPT = `
local reads = tonumber(ARGV[1])
local values, lives = {}, {}
if reads > 0 then
  redis.call('DEL', KEYS[1] .. ':probe')
  values = redis.call('MGET', unpack(KEYS, 1, reads))
  for index = 1, reads do
    lives[index] = values[index] and redis.call('PTTL', KEYS[index]) or 0
  end
end
local counts = {}
for index = reads + 1, #KEYS do
  local window = ARGV[index - reads + 1]
  local uses = ARGV[index - reads + 1 + #KEYS - reads]
  local count = redis.pcall('INCRBY', KEYS[index], uses)
  local left = -1
  if type(count) == 'table' then
    count = -1
  else
    if count > tonumber(uses) then left = redis.call('PTTL', KEYS[index]) end
    if left < 0 then
      redis.call('PEXPIRE', KEYS[index], window)
      left = tonumber(window)
    end
  end
  counts[#counts + 1] = count
  counts[#counts + 1] = left
end
return { values, lives, counts }`;
const SCRIPT_HASH = createHash('sha1').update(SCRIPT).digest('hex');

/** Lua takes no more than 8000 values from a table at once. */
const MOST_KEYS = 2_000;

type Reply = [values: (string | null)[], lives: number[], counts: number[]];
type Turn = {
  reads: string[];
  counters: string[];
  windows: number[];
  uses: number[];
  answer: ((values: Reply) => void)[];
  refuse: ((cause: unknown) => void)[];
};

const newTurn = (): Turn => ({ reads: [], counters: [], windows: [], uses: [], answer: [], refuse: [] });

const known = new WeakMap<Redis, RoundTrip>();

/** The one of a connection: whoever asks over the same connection shares its round trips. */
export function roundTripOf(redis: Redis): RoundTrip {
  let found = known.get(redis);
  if (!found) {
    found = roundTrip(redis);
    known.set(redis, found);
  }
  return found;
}

/**
 * Collects what is asked in one turn of the event loop, by all requests that arrived in it, and sends it as one
 * command: under load, commands and replies are most of what Redis costs its client.
 */
function roundTrip(redis: Redis): RoundTrip {
  let turn: Turn | null = null;

  const current = (): Turn => {
    if (turn && turn.reads.length + turn.counters.length > MOST_KEYS) flush();
    if (!turn) {
      turn = newTurn();
      // After what else has arrived has been read, and before the process waits for more.
      setImmediate(flush);
    }
    return turn;
  };

  const flush = () => {
    const asked = turn;
    if (!asked) return;
    turn = null;
    send(redis, asked).then(
      reply => {
        for (const answer of asked.answer) answer(reply);
      },
      cause => {
        for (const refuse of asked.refuse) refuse(cause);
      },
    );
  };

  return {
    read: keys =>
      new Promise((resolve, reject) => {
        const { reads, answer, refuse } = current();
        const from = reads.length;
        reads.push(...keys);
        answer.push(([values, lives]) =>
          resolve(keys.map((_, index) => storedOf(values[from + index], lives[from + index]))),
        );
        refuse.push(reject);
      }),
    count: (key, windowSeconds, times = 1) =>
      new Promise((resolve, reject) => {
        const { counters, windows, uses, answer, refuse } = current();
        const at = 2 * counters.length;
        counters.push(key);
        windows.push(1000 * windowSeconds);
        uses.push(times);
        answer.push(([, , counts]) => {
          const count = counts[at] as number;
          if (count < 0) reject(new NotCounted('Redis could not count'));
          else resolve({ count, millisecondsLeft: counts[at + 1] as number });
        });
        refuse.push(reject);
      }),
  };
}

function storedOf(text: string | null | undefined, life: number | undefined): Stored | null {
  if (text === null || text === undefined) return null;
  return { text, millisecondsLeft: life === undefined || life < 0 ? Number.POSITIVE_INFINITY : life };
}

async function send(redis: Redis, { reads, counters, windows, uses }: Turn): Promise<Reply> {
  if (redis.status !== 'ready') throw new NotCounted('Redis is not connected');
  const given = [reads.length + counters.length, ...reads, ...counters, reads.length, ...windows, ...uses];
  try {
    return (await redis.call('EVALSHA', SCRIPT_HASH, ...given)) as Reply;
  } catch (cause) {
    if (!(cause instanceof Error && cause.message.startsWith('NOSCRIPT'))) throw cause;
    return (await redis.call('EVAL', SCRIPT, ...given)) as Reply;
  }
}
