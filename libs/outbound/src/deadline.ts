import { OutboundFailure } from './failure.ts';

/** The time that a request has in all, from its name to the last byte of its answer. */
export interface Deadline {
  /** Aborted with an OutboundFailure: `timeout`, or `aborted` when the caller gave up. */
  signal: AbortSignal;
  /** When the answer is complete. */
  stop(): void;
}

/** @param milliseconds from now on */
export function deadline(milliseconds: number, caller?: AbortSignal | null): Deadline {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(new OutboundFailure('timeout')), milliseconds);
  const giveUp = () => ending.abort(new OutboundFailure('aborted'));
  const stop = () => {
    clearTimeout(timer);
    caller?.removeEventListener('abort', giveUp);
  };
  ending.signal.addEventListener('abort', stop);
  if (caller?.aborted) giveUp();
  else caller?.addEventListener('abort', giveUp);
  return { signal: ending.signal, stop };
}
