import { countedAddress, type Principal, type RateLimiter } from '@rivergate/caller';
import { rateLimited } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';

/**
 * Step: has the caller had enough? Only the general class is counted here; what an endpoint declares beside it is
 * counted by its service, once the request has been found to be in order. The general class follows from the principal,
 * which is known only now: a request that was counted under another class is counted again under its own.
 */
export function rateLimit(limiter: RateLimiter) {
  return (exchange: Exchange): void | Promise<void> => {
    const wanted = exchange.principal ? classOf(exchange.principal) : 'standard';
    if (wanted === exchange.countedAs) return decide(exchange);
    if (exchange.token) exchange.token.lastClass = wanted;
    return limiter.consume(wanted, limitKeys(exchange).caller).then(verdict => {
      exchange.general = verdict;
      decide(exchange);
    });
  };
}

function decide({ general }: Exchange): void {
  if (general?.allowed === false) throw rateLimited(general);
}

function classOf(principal: Principal): 'standard' | 'premium' | 'admin' {
  if (principal.isSystemAdmin || (principal.isAdmin && principal.plan !== 'individual')) return 'admin';
  return principal.plan === 'professional' || principal.plan === 'enterprise' ? 'premium' : 'standard';
}

/** Under which names a request is counted: the user's, else the address's. */
export function limitKeys({ token, ip }: Exchange): { caller: string; address: string } {
  const address = `ip:${countedAddress(ip)}`;
  return { caller: token ? `user:${token.userId}` : address, address };
}
