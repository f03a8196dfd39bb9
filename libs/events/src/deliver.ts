import { backoff } from './backoff.ts';
import { describeError } from './describe-error.ts';
import type { Delivered, Subscribe } from './event-log.ts';
import type { Logger } from './logger.ts';

/** Of the events that are handled at once, the first waits for the last. */
export const MOST_TOGETHER = 16;

type Handling = Pick<Subscribe, 'group' | 'types' | 'handle' | 'together'>;

/** How far a group came with what it was handed. */
export interface Progress {
  /** How many were handled. */
  taken: number;
  /** The last position that is behind the group, which may be of what it passed over; undefined where none is. */
  position: string | undefined;
  /** Whether the subscription was stopped before the end. */
  stopped: boolean;
}

/** Hands events to a subscription in their order, those of its types, each until it is taken: what comes after it waits. */
export async function deliver(
  handling: Handling,
  delivered: readonly Delivered[],
  log: Logger,
): Promise<Progress> {
  const { types } = handling;
  const wanted = types ? delivered.filter(({ event }) => types.includes(event.type)) : delivered;
  const taken = await take(handling, wanted, log);
  const next = wanted[taken];
  const behind = next ? delivered.indexOf(next) : delivered.length;
  return { taken, position: delivered[behind - 1]?.delivery.position, stopped: next !== undefined };
}

/** @returns how many were taken, fewer than all when the subscription was stopped before */
async function take(handling: Handling, delivered: readonly Delivered[], log: Logger): Promise<number> {
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
