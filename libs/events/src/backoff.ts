import { setTimeout as elapsed } from 'node:timers/promises';

export interface Backoff {
  /** Waits, twice as long each time, with some randomness so that processes do not move in step. */
  pause(signal?: AbortSignal): Promise<void>;
  /** To be called after a success: the next pause is the shortest again. */
  reset(): void;
}

/** @param shortest first pause in milliseconds @param longest limit of later ones in milliseconds */
export function backoff(shortest: number, longest: number): Backoff {
  let next = shortest;
  return {
    async pause(signal) {
      const wait = next * (0.75 + Math.random() / 2);
      next = Math.min(next * 2, longest);
      await elapsed(wait, undefined, { signal }).catch(() => {});
    },
    reset() {
      next = shortest;
    },
  };
}
