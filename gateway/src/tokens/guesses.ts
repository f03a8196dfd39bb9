import { countedAddress, type RateLimitVerdict } from '@rivergate/caller';
import { rateLimited } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';

/** The addresses that have sent so many bad tokens that no owner is asked about one more that nobody here knows. */
export type Guesses = {
  /** @throws RateLimited */
  refuse(exchange: Exchange): void;
  /** The address of the request has used up its class by refused tokens. */
  exhausted(exchange: Exchange, verdict: RateLimitVerdict): void;
};

/** A memory of the process; when it is full the oldest go first. */
export function guesses(capacity = 10_000): Guesses {
  const until = new Map<string, { verdict: RateLimitVerdict; end: number }>();
  return {
    refuse({ ip }) {
      const address = countedAddress(ip);
      const found = until.get(address);
      if (!found) return;
      const left = found.end - performance.now();
      if (left <= 0) return void until.delete(address);
      throw rateLimited({ ...found.verdict, resetSeconds: Math.ceil(left / 1_000) });
    },
    exhausted({ ip }, verdict) {
      const address = countedAddress(ip);
      until.delete(address);
      const oldest = until.size >= capacity ? until.keys().next() : undefined;
      if (oldest?.done === false) until.delete(oldest.value);
      until.set(address, { verdict, end: performance.now() + 1_000 * verdict.resetSeconds });
    },
  };
}
