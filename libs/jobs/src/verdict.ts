import { Failure, InternalError, RateLimited } from '@rivergate/endpoint';
import type { ItemRow, JobError } from './job.ts';
import type { JobKindSpec } from './kind.ts';

/** What a try of an item came to. */
export interface Verdict {
  outcome: 'done' | 'failed' | 'pending';
  /** Tries that count, this one included. */
  attempts: number;
  /** Seconds until the next one. */
  wait: number;
  result?: unknown;
  error?: JobError;
}

/** Seconds between two tries at most. */
const LONGEST_PAUSE = 300;
const HOUR = 3_600;

/**
 * A declared failure is what the item came to, as it would be of a request. One over a limit waits until there is room,
 * which is no fault of its own and counts as no try; the job's deadline ends that. Whatever else happened may go better
 * later.
 */
export function verdictOn(
  cause: unknown,
  { attempts: before }: Pick<ItemRow, 'attempts'>,
  { attempts: allowed }: Pick<JobKindSpec, 'attempts'>,
): Verdict {
  const failure = cause instanceof Failure ? cause : InternalError();
  const error = { code: failure.code, message: failure.message };
  if (failure.code === RateLimited.code) {
    const wait = Number(failure.headers['Retry-After'] ?? 1);
    return { outcome: 'pending', attempts: before, wait: Math.min(wait, HOUR), error };
  }
  const attempts = before + 1;
  if (failure.status < 500 || attempts >= allowed) return { outcome: 'failed', attempts, wait: 0, error };
  return { outcome: 'pending', attempts, wait: Math.min(2 ** attempts, LONGEST_PAUSE), error };
}
