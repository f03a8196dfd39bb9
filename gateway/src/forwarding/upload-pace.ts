/** Bytes a second that a client has to send at least, on average over a window. */
const LEAST_RATE = 1_024;

/** Watches whether a body keeps coming. */
export type UploadPace = {
  /** The client may send from now on: a window begins. */
  begin(): void;
  received(bytes: number): void;
  /** The client is kept from sending, or is done: its time does not count. */
  rest(): void;
};

/**
 * A body comes at LEAST_RATE or faster, or `tooSlow` is called. Measured anew in each window: whoever sends almost all
 * of it fast and holds back the rest is slow, too.
 *
 * @param seconds length of a window
 */
export function uploadPace(seconds: number, tooSlow: () => void): UploadPace {
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      if (timer) return;
      bytes = 0;
      timer = setInterval(() => {
        if (bytes < seconds * LEAST_RATE) tooSlow();
        bytes = 0;
      }, 1_000 * seconds);
    },
    received(more) {
      bytes += more;
    },
    rest() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}
