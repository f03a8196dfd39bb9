/** Stops calling a service that does not answer, and tries it again with one request at a time. */
export type Breaker = {
  /** Whether a request may go through now. Every true must be followed by succeeded or failed. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
  readonly open: boolean;
};

/** Failures in a row that open the breaker, and milliseconds after which one request may try again. */
const FAILURES = 10;
const REST = 1_000;

export function circuitBreaker(now: () => number = () => performance.now()): Breaker {
  let failures = 0;
  let openedAt: number | null = null;
  let trying = false;
  return {
    get open() {
      return openedAt !== null;
    },
    admits() {
      if (openedAt === null) return true;
      if (trying || now() - openedAt < REST) return false;
      trying = true;
      return true;
    },
    succeeded() {
      failures = 0;
      openedAt = null;
      trying = false;
    },
    failed() {
      failures += 1;
      trying = false;
      if (failures >= FAILURES) openedAt = now();
    },
  };
}
