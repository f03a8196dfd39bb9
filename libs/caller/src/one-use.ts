/** Remembers which identifiers were used, until they have expired. */
export type UsedOnce = {
  /** True the first time, false for a replay, and false (fail closed) when the memory is full. */
  use(identifier: string, now: number): boolean;
  size(): number;
};

/**
 * Two generations of identifiers that take turns: one is forgotten as a whole once everything in it has
 * expired, so no timer and no clean-up runs per identifier. `lifetimeSeconds` is the longest time for which
 * an identifier is valid, clock tolerance included; `capacity` bounds each generation.
 */
export function usedOnce(lifetimeSeconds: number, capacity = 500_000): UsedOnce {
  let current = new Set<string>();
  let previous = new Set<string>();
  let turnsAt = 0;
  return {
    use(identifier, now) {
      if (now >= turnsAt) {
        previous = now >= turnsAt + lifetimeSeconds ? new Set() : current;
        current = new Set();
        turnsAt = now + lifetimeSeconds;
      }
      if (current.has(identifier) || previous.has(identifier)) return false;
      if (current.size >= capacity) return false;
      current.add(identifier);
      return true;
    },
    size: () => current.size + previous.size,
  };
}
