import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';

/** Keeps requests away from a service that does not answer. */
export type Breaker = {
  readonly open: boolean;
  /** The service answered a request. */
  succeeded(): void;
  /** The service itself failed a request: refused or reset the connection, or did not answer in its time. */
  failed(): void;
  stop(): void;
};

/** Failed requests in a row after which the service is asked whether it is well. */
const FAILURES = 10;
/** Milliseconds between two questions to a service that is not well. */
const REST = 500;

/**
 * A breaker that no client can open or hold: failed requests only make the gateway ask the service itself, and the
 * answer to that question opens and closes it.
 *
 * @param healthy the question: rejects, within a deadline of its own, when the service is not well
 */
export function breaker(healthy: () => Promise<void>): Breaker {
  const policy = circuitBreaker(handleAll, { halfOpenAfter: REST, breaker: new ConsecutiveBreaker(1) });
  let failures = 0;
  let asking = false;
  let timer: NodeJS.Timeout | undefined;

  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    await policy.execute(healthy).catch(() => {});
    asking = false;
    failures = 0;
    if (policy.state !== CircuitState.Closed) timer = setTimeout(ask, REST).unref();
  };

  return {
    get open() {
      return policy.state !== CircuitState.Closed;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      if (failures >= FAILURES && policy.state === CircuitState.Closed) void ask();
    },
    stop: () => clearTimeout(timer),
  };
}
