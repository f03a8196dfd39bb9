/** Wakes one loop: remembers a ring that nobody was waiting for, and gives up waiting in time or on abort. */
export interface Bell {
  ring(): void;
  /** Resolves when rung since the last wait, after `milliseconds`, or when the signal aborts. */
  heard(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export function bell(): Bell {
  let rung = false;
  let release: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      release?.();
    },
    async heard(milliseconds, signal) {
      if (!rung && !signal?.aborted) {
        await new Promise<void>(resolve => {
          const done = () => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', done);
            resolve();
          };
          const timer = setTimeout(done, milliseconds);
          signal?.addEventListener('abort', done, { once: true });
          release = done;
        });
        release = undefined;
      }
      rung = false;
    },
  };
}
