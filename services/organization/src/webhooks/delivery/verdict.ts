import type { Attempt } from './delivery-store.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds from a try that failed to the next: the schedule of Standard Webhooks 1.0.0, about three days. */
const PAUSES = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/** Share by which a pause is longer or shorter, so that what failed together does not come back together. */
const JITTER = 0.2;
/** Seconds that a receiver can ask for at most. */
const LONGEST_WAIT = 24 * HOUR;

/** What follows from a try. */
export type Verdict =
  | { outcome: 'delivered' }
  /** Not now, and after how many seconds again. */
  | { outcome: 'pending'; wait: number }
  | { outcome: 'failed'; gone: boolean };

/**
 * @param tries those so far, the last one included
 * @param retryAfter the header of the answer, seconds or a date (RFC 9110, section 10.2.3)
 * @param random from 0 to 1
 */
export function verdictOn(
  { status }: Pick<Attempt, 'status'>,
  tries: number,
  retryAfter: string | null,
  now: number,
  random: number,
): Verdict {
  if (status !== null && status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status === 410) return { outcome: 'failed', gone: true };
  const pause = PAUSES[tries - 1];
  if (pause === undefined) return { outcome: 'failed', gone: false };
  const varied = pause * (1 + JITTER * (2 * random - 1));
  const asked = Math.min(secondsOf(retryAfter, now), LONGEST_WAIT);
  return { outcome: 'pending', wait: Math.max(varied, asked) };
}

/** 0 for what says nothing. */
function secondsOf(retryAfter: string | null, now: number): number {
  if (retryAfter === null) return 0;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, (date - now) / 1_000);
}
