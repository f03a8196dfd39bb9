import { backoff } from './backoff.ts';
import { describeError } from './describe-error.ts';
import type { CloudEvent } from './envelope.ts';
import type { Delivery, Subscribe } from './event-log.ts';
import type { Logger } from './logger.ts';

/**
 * Hands an event to a subscription's handler until it is taken: what comes after it waits.
 *
 * @returns false when the subscription was stopped before
 */
export async function deliver(
  { group, handle }: Pick<Subscribe, 'group' | 'handle'>,
  event: CloudEvent,
  delivery: Delivery,
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
