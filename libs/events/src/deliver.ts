import { backoff } from './backoff.ts';
import { describeError } from './describe-error.ts';
import type { Delivered, Subscribe } from './event-log.ts';
import type { Logger } from './logger.ts';

/** Of the events that are handled at once, the first waits for the last. */
const MOST_TOGETHER = 16;

type Handling = Pick<Subscribe, 'group' | 'handle' | 'together'>;

/**
 * Hands events to a subscription in their order, each until it is taken: what comes after it waits.
 *
 * @returns how many were taken, fewer than all when the subscription was stopped before
 */
export async function deliver(
  handling: Handling,
  delivered: readonly Delivered[],
  log: Logger,
): Promise<number> {
  let taken = 0;
  while (taken < delivered.length) {
    const some = delivered.slice(taken, taken + MOST_TOGETHER);
    if (some.length > 1 && !some[0]!.delivery.signal.aborted && (await handling.together?.(some))) {
      taken += some.length;
      continue;
    }
    for (const one of some) {
      if (!(await untilTaken(handling, one, log))) return taken;
      taken += 1;
    }
  }
  return taken;
}

/** @returns false when the subscription was stopped before */
async function untilTaken(
  { group, handle }: Handling,
  { event, delivery }: Delivered,
  log: Logger,
): Promise<boolean> {
  const { signal, topic, position } = delivery;
  const trouble = backoff(100, 5000);
  while (!signal.aborted) {
    try {
      await handle(event, delivery);
      return true;
    } catch (error) {
      if (!signal.aborted)
        log.warn({ error: describeError(error), group, topic, position }, 'An event comes again');
      await trouble.pause(signal);
    }
  }
  return false;
}
