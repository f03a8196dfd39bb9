import { describe, expect, it } from 'vitest';
import { verdictOn } from './verdict.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const HOUR = 3_600;
const verdict = (status: number | null, tries = 1, retryAfter: string | null = null, random = 0.5) =>
  verdictOn({ status }, tries, retryAfter, NOW, random);

describe('what follows from a try', () => {
  it.each([200, 201, 202, 204, 299])('%i has arrived', status => {
    expect(verdict(status)).toEqual({ outcome: 'delivered' });
  });

  it.each([null, 301, 302, 307, 400, 401, 404, 429, 500, 503])('%s comes again', status => {
    expect(verdict(status)).toEqual({ outcome: 'pending', wait: 5 });
  });

  it('410 is the end', () => {
    expect(verdict(410)).toEqual({ outcome: 'failed', gone: true });
  });

  it('ten tries take about three days, and then it is given up', () => {
    let wait = 0;
    for (let tries = 1; tries < 10; tries++) {
      const found = verdict(500, tries);
      if (found.outcome !== 'pending') throw new Error(`Given up after ${tries}`);
      wait += found.wait;
    }
    expect(wait / (24 * HOUR)).toBeCloseTo(3.15, 1);
    expect(verdict(500, 10)).toEqual({ outcome: 'failed', gone: false });
  });

  it('pauses vary by a fifth', () => {
    expect(verdict(500, 2, null, 0)).toEqual({ outcome: 'pending', wait: 240 });
    expect(verdict(500, 2, null, 1)).toEqual({ outcome: 'pending', wait: 360 });
  });

  it.each([
    ['120', 120],
    ['Tue, 01 Jan 2030 01:00:00 GMT', HOUR],
    ['0', 5],
    ['1', 5],
    ['Mon, 31 Dec 2029 01:00:00 GMT', 5],
    ['999999999', 24 * HOUR],
    ['Fri, 01 Jan 2100 01:00:00 GMT', 24 * HOUR],
    ['99999999999999999999', 5],
    ['-5', 5],
    ['soon', 5],
  ])('Retry-After: %s is waited for, at least the pause and at most a day', (header, wait) => {
    expect(verdict(429, 1, header)).toEqual({ outcome: 'pending', wait });
  });
});
