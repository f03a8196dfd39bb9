import type { CredentialKey, RateLimiter } from '@rivergate/caller';
import type { Redis } from 'ioredis';
import type { Owners } from '../access/owners.ts';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import type { Exchange } from '../exchange.ts';
import type { Destination } from '../forwarding/upstream.ts';
import type { Fleet } from '../routes/fleet.ts';
import type { VerifiedCache } from '../tokens/verified-cache.ts';
import { authenticate, type TokenKind } from './authenticate.ts';
import { forward } from './forward.ts';
import { framing } from './framing.ts';
import { gather } from './gather.ts';
import { principal } from './principal.ts';
import { rateLimit } from './rate-limit.ts';
import { requestIdentity } from './request-identity.ts';
import { revocation } from './revocation.ts';
import { route } from './route.ts';
import { traceContext } from './trace-context.ts';

/** One rule of the front door. It adds to the exchange, or throws the Failure that the client is answered. */
export type Step = (exchange: Exchange) => void | Promise<void>;

export type PipelineParts = {
  trustProxy: string;
  recording: boolean;
  fleet: Pick<Fleet, 'table' | 'incomplete'>;
  kinds: readonly TokenKind[];
  verified: VerifiedCache;
  redis: Redis;
  limiter: RateLimiter;
  owners: Owners;
  destinations: ReadonlyMap<string, Destination>;
  key: CredentialKey;
  answerHeaders: AnswerHeaders;
};

/** What happens to every request, before anything is known of where it goes. */
export function arrival(parts: PipelineParts): readonly Step[] {
  return [requestIdentity(parts.trustProxy), traceContext(parts.recording), framing];
}

/** What happens to a request for a service, in this order. */
export function passage(parts: PipelineParts): readonly Step[] {
  return [
    route(parts.fleet),
    authenticate(parts.kinds, parts.verified),
    gather(parts.redis, parts.limiter),
    revocation(parts.owners),
    principal(parts.owners),
    rateLimit(parts.limiter),
  ];
}

/** The last step of an ordinary request; an upgrade has its own. */
export function departure(parts: PipelineParts): Step {
  return forward(parts.destinations, parts.key, parts.answerHeaders);
}

/** Runs the steps; waits only for those that have something to wait for. */
export async function run(steps: readonly Step[], exchange: Exchange): Promise<void> {
  for (const step of steps) {
    const waiting = step(exchange);
    if (waiting) await waiting;
  }
}
