import type { RedisClient } from '@rivergate/redis';
import type { Fact, FactMemory } from './fact-memory.ts';
import { roundTripOf } from './round-trip.ts';

/** A memory that Redis keeps true. */
export type TrueMemory = {
  facts: FactMemory;
  /**
   * The moment, no later than `now`, for which the memory is known to be true: milliseconds, monotonic. Null when it is
   * not to be believed.
   */
  asOf(now: number): number | null;
};

type Values<Facts extends readonly Fact<unknown>[]> = {
  [Index in keyof Facts]: Facts[Index] extends Fact<infer Value> ? Value | null : never;
};

/** Values in the order of the facts, null where nothing stands, and the moment for which they are known to be true. */
export type Known<Facts extends readonly Fact<unknown>[]> = { values: Values<Facts>; asOf: number };

const memories = new WeakMap<RedisClient, TrueMemory>();

/** Whatever is read over the connection is from now on remembered there. */
export function remember(redis: RedisClient, memory: TrueMemory): void {
  memories.set(redis, memory);
}

export function stopRemembering(redis: RedisClient): void {
  memories.delete(redis);
}

/** Answers from the memory of the connection. Null when it has none, or does not know all of them. */
export function recallFacts<const Facts extends readonly Fact<unknown>[]>(
  redis: RedisClient,
  facts: Facts,
): Known<Facts> | null {
  const memory = memories.get(redis);
  if (!memory) return null;
  const now = performance.now();
  const asOf = memory.asOf(now);
  if (asOf === null) return null;
  const values: unknown[] = [];
  for (const { key } of facts) {
    const value = memory.facts.recall(key, now);
    if (value === undefined) return null;
    values.push(value);
  }
  return { values: values as Values<Facts>, asOf };
}

/**
 * Asks Redis, in the round trip of whatever else is asked over the connection in this turn of the event loop. Rejects
 * when Redis cannot be had or takes no writes. What stands nowhere is not remembered: keys may be made up by anyone.
 */
export async function readFacts<const Facts extends readonly Fact<unknown>[]>(
  redis: RedisClient,
  facts: Facts,
): Promise<Known<Facts>> {
  const asOf = performance.now();
  const memory = memories.get(redis);
  const reading = memory && memory.asOf(asOf) !== null ? memory.facts.begin() : null;
  try {
    const stored = await roundTripOf(redis).read(facts.map(({ key }) => key));
    const values = facts.map(({ key, parse }, index) => {
      const found = stored[index];
      if (!found) return null;
      const value = parse(found.text);
      // Counted from before the question, so that it ends here no later than there.
      reading?.keep(key, value, found.text, asOf + found.millisecondsLeft);
      return value;
    });
    return { values: values as Values<Facts>, asOf };
  } finally {
    reading?.end();
  }
}
