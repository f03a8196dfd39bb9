/** What stands under a key of the access state, and how its text is read. */
export type Fact<Value> = { key: string; parse(text: string): Value };

/** A reading that is under way: what it brings may be kept, unless that was withdrawn meanwhile. */
export type Reading = {
  /** @param text what it was parsed from, for its length  @param endsAt milliseconds, monotonic */
  keep(key: string, value: unknown, text: string, endsAt: number): void;
  end(): void;
};

/** Parsed facts by key. Whether they may be believed is for others to say. */
export type FactMemory = {
  /** Undefined where nothing is kept, or not any more. @param now milliseconds, monotonic */
  recall(key: string, now: number): unknown;
  /** To be called before the question is sent. */
  begin(): Reading;
  forget(keys: readonly string[]): void;
  clear(): void;
  size(): number;
};

type Kept = { value: unknown; weight: number; endsAt: number; usedAt: number };

/** Characters of all texts together; parsed they take a few times as much. */
const CAPACITY = 16 * 1024 * 1024;
/** What an entry costs beside its text, in characters. */
const OVERHEAD = 256;

/** Milliseconds within which uses are not told apart: to put an entry last costs more than to find it. */
const RECENT = 1_000;

/** The least recently used go first when there is no room. */
export function factMemory(capacity = CAPACITY): FactMemory {
  const kept = new Map<string, Kept>();
  const underWay = new Set<{ withdrawn: Set<string> }>();
  let weight = 0;

  const drop = (key: string) => {
    const entry = kept.get(key);
    if (entry && kept.delete(key)) weight -= entry.weight;
  };

  return {
    recall(key, now) {
      const entry = kept.get(key);
      if (!entry) return undefined;
      if (entry.endsAt <= now) {
        drop(key);
        return undefined;
      }
      if (now - entry.usedAt > RECENT) {
        entry.usedAt = now;
        kept.delete(key);
        kept.set(key, entry);
      }
      return entry.value;
    },
    begin() {
      const reading = { withdrawn: new Set<string>() };
      underWay.add(reading);
      return {
        keep(key, value, text, endsAt) {
          if (!underWay.has(reading) || reading.withdrawn.has(key)) return;
          drop(key);
          const entry = { value, weight: OVERHEAD + key.length + text.length, endsAt, usedAt: 0 };
          kept.set(key, entry);
          weight += entry.weight;
          for (const oldest of kept.keys()) {
            if (weight <= capacity) break;
            drop(oldest);
          }
        },
        end: () => void underWay.delete(reading),
      };
    },
    forget(keys) {
      for (const key of keys) {
        drop(key);
        for (const { withdrawn } of underWay) withdrawn.add(key);
      }
    },
    clear() {
      kept.clear();
      underWay.clear();
      weight = 0;
    },
    size: () => kept.size,
  };
}
