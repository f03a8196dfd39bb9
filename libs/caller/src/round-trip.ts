import { createHash } from 'node:crypto';
import { type RedisClient, slotOf } from '@rivergate/redis';
import { Cluster } from 'ioredis';

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

const known = new WeakMap<RedisClient, RoundTrip>();

/** The one of a connection: whoever asks over the same connection shares its round trips. */
export function roundTripOf(redis: RedisClient): RoundTrip {
  let found = known.get(redis);
  if (!found) {
    found = roundTrip(redis);
    known.set(redis, found);
  }
  return found;
}

/**
 * Collects what is asked in one turn of the event loop, by all requests that arrived in it, and sends it as one
 * command: under load, commands and replies are most of what Redis costs its client. In a cluster it is one command for
 * each slot, and all those for a node are sent at once.
 */
function roundTrip(redis: RedisClient): RoundTrip {
  const turns = new Map<number, Turn>();

  const current = (slot: number): Turn => {
    const begun = turns.get(slot);
    if (begun && begun.reads.length + begun.counters.length <= MOST_KEYS) return begun;
    if (begun) flush();
    // After what else has arrived has been read, and before the process waits for more.
    if (turns.size === 0) setImmediate(flush);
    const turn = newTurn();
    turns.set(slot, turn);
    return turn;
  };

  const flush = () => {
    const asked = [...turns];
    turns.clear();
    sendTurns(redis, asked);
  };

  const readSlot = (slot: number, keys: readonly string[]) =>
    new Promise<(Stored | null)[]>((resolve, reject) => {
      const { reads, answer, refuse } = current(slot);
      const from = reads.length;
      reads.push(...keys);
      answer.push(([values, lives]) =>
        resolve(keys.map((_, index) => storedOf(values[from + index], lives[from + index]))),
      );
      refuse.push(reject);
    });

  return {
    async read(keys) {
      const bySlot = Map.groupBy(keys, key => slotOf(redis, key));
      if (bySlot.size === 1) return readSlot(bySlot.keys().next().value!, keys);
      const found = new Map<string, Stored | null>();
      const read = async ([slot, some]: [number, string[]]) => {
        const values = await readSlot(slot, some);
        some.forEach((key, index) => void found.set(key, values[index] ?? null));
      };
      await Promise.all([...bySlot].map(read));
      return keys.map(key => found.get(key) ?? null);
    },
    count: (key, windowSeconds, times = 1) =>
      new Promise((resolve, reject) => {
        const { counters, windows, uses, answer, refuse } = current(slotOf(redis, key));
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

type Slot = [slot: number, turn: Turn];

function sendTurns(redis: RedisClient, turns: readonly Slot[]): void {
  if (redis.status !== 'ready') {
    for (const [, turn] of turns) settle(turn, Promise.reject(new NotCounted('Redis is not connected')));
    return;
  }
  if (!(redis instanceof Cluster)) {
    for (const [, turn] of turns) settle(turn, send(redis, turn));
    return;
  }
  const nodesOf = ([slot]: Slot) => redis.slots[slot]?.join() ?? '';
  for (const ofNode of Map.groupBy(turns, nodesOf).values()) sendTogether(redis, ofNode);
}

function settle({ answer, refuse }: Turn, reply: Promise<Reply>): void {
  reply.then(
    given => {
      for (const take of answer) take(given);
    },
    cause => {
      for (const take of refuse) take(cause);
    },
  );
}

async function send(redis: RedisClient, turn: Turn): Promise<Reply> {
  const given = argumentsOf(turn);
  try {
    return (await redis.call('evalsha', SCRIPT_HASH, ...given)) as Reply;
  } catch (cause) {
    if (!isUnknown(cause)) throw cause;
    return (await redis.call('eval', SCRIPT, ...given)) as Reply;
  }
}

/** The turns of slots that one node has, when it was asked last. */
async function sendTogether(redis: Cluster, turns: readonly Slot[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [, turn] of turns) pipeline.call('evalsha', SCRIPT_HASH, ...argumentsOf(turn));
  const results = await pipeline.exec().catch(() => null);
  turns.forEach(([, turn], index) => {
    const [cause, reply] = results?.[index] ?? [new NotCounted('Redis Cluster was not asked')];
    // Only this one went astray: the node does not know the script, or has given the slot away.
    if (cause && (isUnknown(cause) || isRedirection(cause))) settle(turn, send(redis, turn));
    else settle(turn, cause ? Promise.reject(cause) : Promise.resolve(reply as Reply));
  });
}

const isUnknown = (cause: unknown) => cause instanceof Error && cause.message.startsWith('NOSCRIPT');
const isRedirection = ({ message }: Error) => /^(?:MOVED|ASK|TRYAGAIN) /.test(message);

const argumentsOf = ({ reads, counters, windows, uses }: Turn) => [
  reads.length + counters.length,
  ...reads,
  ...counters,
  reads.length,
  ...windows,
  ...uses,
];
