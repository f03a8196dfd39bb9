import { channel } from 'node:diagnostics_channel';
import {
  countedAddress,
  type Principal,
  type RateLimitClass,
  type RateLimiter,
  type RateLimitVerdict,
  rateLimitHeaders,
} from '@rivergate/caller';
import { type Failure, RateLimited } from './failure.ts';

/** Diagnostics channel on which every refusal by a limit of a service is announced: metrics listen to it. */
export const LIMITED = 'rivergate:limited';
const limited = channel(LIMITED);

export interface Limited {
  service: string;
  class: RateLimitClass;
}

/**
 * Counts one request of the key.
 *
 * @returns headers that say where the caller stands; none when the class is off
 * @throws RateLimited
 */
export async function count(
  { limiter, service }: { limiter: RateLimiter; service: string },
  limitClass: RateLimitClass,
  key: string,
): Promise<Record<string, string>> {
  const verdict = await limiter.consume(limitClass, key);
  if (!verdict) return {};
  const headers = rateLimitHeaders(verdict);
  if (verdict.allowed) return headers;
  limited.publish({ service, class: limitClass } satisfies Limited);
  throw rateLimited(verdict, headers);
}

/** The key under which the class that an endpoint declares is counted. */
export function addressKey({ ip }: Principal): string {
  return `ip:${ip === null ? 'unknown' : countedAddress(ip)}`;
}

/** The refusal that names its limit: which, how many in how long, and when there is room again. */
export function rateLimited(verdict: RateLimitVerdict, headers: Record<string, string> = {}): Failure {
  const limit = `${verdict.limit} in ${duration(verdict.windowSeconds)}`;
  const again = `try again in ${duration(verdict.resetSeconds, ['second'])}`;
  return RateLimited(
    `Too many requests: the limit "${verdict.class}" is ${limit}; ${again}`,
    [
      {
        field: verdict.class,
        code: 'limit_exceeded',
        reason: `is limited to ${limit.replace(' in ', ' requests in ')}; ${again}`,
      },
    ],
    headers,
  );
}

const UNITS = { day: 86_400, hour: 3_600, minute: 60, second: 1 } as const;

/** `900` is `15 minutes`: in the largest of the units that it is a whole number of. */
function duration(
  seconds: number,
  units: readonly (keyof typeof UNITS)[] = ['day', 'hour', 'minute', 'second'],
): string {
  const unit = units.find(name => seconds % UNITS[name] === 0) ?? 'second';
  const number = seconds / UNITS[unit];
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
