import type { RedisClient } from '@rivergate/redis';
import type { RateLimit } from './rate-limit-class.ts';
import { NotCounted, roundTripOf } from './round-trip.ts';

/** Which use of its window one was, over all processes as far as is known, and milliseconds until the window ends. */
export type Counted = { position: number; millisecondsLeft: number };

export type Counters = {
  /** Counts one use. At once where Redis need not be asked. */
  count(key: string): Counted | Promise<Counted>;
  forget(key: string): void;
};

type Counter = {
  /** Milliseconds, monotonic. */
  endsAt: number;
  /** What Redis said last. */
  known: number;
  /** Uses that Redis has not been told of, is being told of, and may or may not have been told of. */
  untold: number;
  underWay: number;
  doubtful: number;
};

/** Milliseconds after which Redis has been told of a use. */
const TELLING = 50;
/** Counters of one limit; what is counted in the oldest is told before it is dropped. */
const CAPACITY = 100_000;

/**
 * Counters of one limit in fixed windows, which Redis keeps for all processes below `name`. A process may count `portion` uses
 * before it tells Redis: what it allows is then at most what it knows of others and its own, so that all together allow
 * at most a portion for each other process beyond the limit, and one alone none. With a portion of 0 every use is
 * counted by Redis. While Redis cannot be had each process counts for itself, and tells later.
 */
export function counters(
  redis: RedisClient | null,
  name: string,
  limit: RateLimit,
  portion: number,
): Counters {
  const all = new Map<string, Counter>();
  const untold = new Map<string, Counter>();
  const roundTrip = redis && roundTripOf(redis);
  let timed = false;

  const begin = (key: string, now: number): Counter => {
    all.delete(key);
    for (const [oldest, { endsAt }] of all) {
      if (endsAt > now && all.size < CAPACITY) break;
      all.delete(oldest);
    }
    const counter = { endsAt: now + 1000 * limit.seconds, known: 0, untold: 0, underWay: 0, doubtful: 0 };
    all.set(key, counter);
    return counter;
  };

  const counted = ({ endsAt, known, untold, underWay, doubtful }: Counter, now: number): Counted => ({
    position: known + untold + underWay + doubtful,
    millisecondsLeft: endsAt - now,
  });

  const tell = async (key: string, counter: Counter): Promise<Counted> => {
    const uses = counter.untold;
    counter.untold = 0;
    counter.underWay += uses;
    untold.delete(key);
    try {
      const { count, millisecondsLeft } = await roundTrip!.count(name + key, limit.seconds, uses);
      // Fewer than there were: a new window.
      if (count < counter.known + uses) counter.doubtful = 0;
      counter.known = count;
      counter.endsAt = performance.now() + millisecondsLeft;
      counter.underWay -= uses;
      return { position: count + counter.doubtful, millisecondsLeft };
    } catch (cause) {
      counter.underWay -= uses;
      // What may have arrived is not told again: here it counts either way.
      if (cause instanceof NotCounted) later(key, counter, uses);
      else counter.doubtful += uses;
      return counted(counter, performance.now());
    }
  };

  const later = (key: string, counter: Counter, uses: number) => {
    counter.untold += uses;
    untold.set(key, counter);
    tellSoon();
  };

  const tellSoon = () => {
    if (timed) return;
    timed = true;
    setTimeout(tellAll, TELLING).unref();
  };

  const tellAll = () => {
    timed = false;
    const now = performance.now();
    for (const [key, counter] of untold) {
      if (counter.endsAt <= now) untold.delete(key);
      else if (redis!.status === 'ready') tell(key, counter);
    }
    if (untold.size > 0) tellSoon();
  };

  return {
    count(key) {
      const now = performance.now();
      let counter = all.get(key);
      if (!counter || counter.endsAt <= now) counter = begin(key, now);
      const asks = redis?.status === 'ready';
      const { position, millisecondsLeft } = counted(counter, now);
      // It only gets more until the window ends, so that nobody need be asked.
      if (position >= limit.count && (portion > 0 || !asks))
        return { position: position + 1, millisecondsLeft };
      if (asks && counter.untold + counter.underWay >= portion) {
        counter.untold += 1;
        return tell(key, counter);
      }
      if (redis) later(key, counter, 1);
      else counter.untold += 1;
      return { position: position + 1, millisecondsLeft };
    },
    forget(key) {
      all.delete(key);
      untold.delete(key);
    },
  };
}
