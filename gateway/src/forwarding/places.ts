import { UpstreamUnavailable } from '@rivergate/endpoint';

/** A number of places, each held by one request at a time. */
export type Places = {
  /**
   * Takes a place: at once, or as soon as one is free.
   * Rejects with UpstreamUnavailable when none is in time. Every place that was taken must be released.
   */
  take(): void | Promise<void>;
  /** Takes a place if one is free. Whether it did. */
  takeIfFree(): boolean;
  release(): void;
};

type Waiting = { begin: () => void; timer: NodeJS.Timeout };

/** @param patience milliseconds that a request waits for a place, in the order of arrival */
export function places(size: number, patience: number): Places {
  const queue = new Set<Waiting>();
  let taken = 0;

  const wait = () =>
    new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        queue.delete(waiting);
        reject(
          UpstreamUnavailable('Too many requests are in progress; try again shortly', [], {
            'Retry-After': '1',
          }),
        );
      };
      const waiting: Waiting = { begin: resolve, timer: setTimeout(giveUp, patience) };
      queue.add(waiting);
    });

  return {
    take() {
      if (taken >= size) return wait();
      taken += 1;
    },
    takeIfFree() {
      if (taken >= size) return false;
      taken += 1;
      return true;
    },
    release() {
      const [next] = queue;
      if (!next) {
        taken -= 1;
        return;
      }
      queue.delete(next);
      clearTimeout(next.timer);
      next.begin();
    },
  };
}
