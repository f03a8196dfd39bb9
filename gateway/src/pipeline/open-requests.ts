import { RateLimited } from '@rivergate/endpoint';
import type { Exchange, Open } from '../exchange.ts';
import { addressKey, callerKey } from './rate-limit.ts';

/** How many requests are open at once, from their headers to the end of their answers, by address and by user. */
export type OpenRequests = {
  /** Step: counts the request at its address. @throws RateLimited */
  ofAddress(exchange: Exchange): void;
  /** Step: counts the request at its user, if it has one. @throws RateLimited */
  ofUser(exchange: Exchange): void;
  /** The request is answered, or the client has left. */
  ended(exchange: Exchange): void;
};

/** Rate limits bound how many requests begin; this bounds how many a slow client keeps from ending. */
export function openRequests(limits: { perAddress: number; perUser: number }): OpenRequests {
  const open = new Map<string, Open>();

  const count = (exchange: Exchange, key: string, limit: number, whose: string) => {
    if (exchange.over) return;
    let counted = open.get(key);
    if (!counted) {
      counted = { key, requests: 0 };
      open.set(key, counted);
    }
    if (counted.requests >= limit) {
      throw RateLimited(`${limit} requests of ${whose} are open already; let one end first`, [], {
        'Retry-After': '1',
      });
    }
    counted.requests += 1;
    exchange.countedOpen.push(counted);
  };

  return {
    ofAddress: exchange => count(exchange, addressKey(exchange), limits.perAddress, 'your address'),
    ofUser(exchange) {
      if (exchange.token) count(exchange, callerKey(exchange), limits.perUser, 'yours');
    },
    ended({ countedOpen }) {
      for (const counted of countedOpen) {
        counted.requests -= 1;
        if (counted.requests === 0) open.delete(counted.key);
      }
    },
  };
}
