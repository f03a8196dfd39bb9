import {
  countedAddress,
  type Principal,
  type RateLimitClass,
  type RateLimiter,
  type RateLimitVerdict,
} from '@rivergate/caller';
import { rateLimited } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import { membersOf } from './gather.ts';

/**
 * Step: whoever makes the gateway ask an owner is counted first, because the answer says nothing that would spare the
 * next question: of strangers nothing is kept, and of nobody while Redis takes no writes. The class is that of somebody
 * who turns out to be no member; who turns out to be one is counted under his own beside.
 */
export function questionLimit(limiter: RateLimiter) {
  return (exchange: Exchange): void | Promise<void> => {
    if (!exchange.token || !hasQuestions(exchange)) return;
    const session = exchange.access?.session;
    const isSystemAdmin = session?.state === 'active' && session.isSystemAdmin;
    return count(limiter, exchange, isSystemAdmin ? 'admin' : 'standard');
  };
}

function hasQuestions(exchange: Exchange): boolean {
  const { access } = exchange;
  if (!access || access.session.state === 'unknown') return true;
  if (access.session.state === 'revoked') return false;
  return membersOf(exchange).some((_, index) => !access.memberships[index]?.membership);
}

/**
 * Step: has the caller had enough? Only the general class is counted here; what an endpoint declares beside it is
 * counted by its service, once the request has been found to be in order.
 */
export function rateLimit(limiter: RateLimiter) {
  return (exchange: Exchange): void | Promise<void> => {
    const wanted = exchange.principal ? classOf(exchange.principal) : 'standard';
    if (wanted !== exchange.general?.class) return count(limiter, exchange, wanted);
  };
}

function count(limiter: RateLimiter, exchange: Exchange, rateClass: RateLimitClass): void | Promise<void> {
  const verdict = limiter.consume(rateClass, callerKey(exchange));
  if (verdict instanceof Promise) return verdict.then(told => decide(exchange, told));
  decide(exchange, verdict);
}

function decide(exchange: Exchange, verdict: RateLimitVerdict | null): void {
  exchange.general = verdict;
  if (verdict?.allowed === false) throw rateLimited(verdict);
}

function classOf(principal: Principal): 'standard' | 'premium' | 'admin' | 'scim' {
  if (principal.kind === 'scim') return 'scim';
  if (principal.kind === 'client') return 'standard';
  if (principal.isSystemAdmin || (principal.isAdmin && principal.plan !== 'individual')) return 'admin';
  return principal.plan === 'professional' || principal.plan === 'enterprise' ? 'premium' : 'standard';
}

/**
 * Under which name a request is counted: that of the user who really calls, that of the organization of a client without
 * one, else the address's.
 */
export function callerKey(exchange: Exchange): string {
  const { token } = exchange;
  if (!token) return addressKey(exchange);
  const userId = token.impersonatorId ?? token.userId;
  return userId === null ? `organization:${token.organizationId}` : `user:${userId}`;
}

export function addressKey({ ip }: Exchange): string {
  return `ip:${countedAddress(ip)}`;
}
