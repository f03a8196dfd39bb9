import type { CredentialKey, RateLimiter } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Owners } from '@rivergate/service';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import type { Exchange } from '../exchange.ts';
import type { OpenConnections } from '../forwarding/open-connections.ts';
import type { RequestBodies } from '../forwarding/request-body.ts';
import type { Destination } from '../forwarding/upstream.ts';
import type { Fleet } from '../routes/fleet.ts';
import type { ProvePossession } from '../tokens/proof-of-possession.ts';
import type { VerifiedCache } from '../tokens/verified-cache.ts';
import { authenticate, type ReadToken } from './authenticate.ts';
import { decideAgain } from './decide-again.ts';
import { credentialFor, forward } from './forward.ts';
import { framing } from './framing.ts';
import { gather } from './gather.ts';
import type { OpenRequests } from './open-requests.ts';
import { organizationPolicy, type PolicyTrials } from './organization-policy.ts';
import { principal } from './principal.ts';
import { questionLimit, rateLimit } from './rate-limit.ts';
import { requestIdentity } from './request-identity.ts';
import { revocation } from './revocation.ts';
import { route } from './route.ts';
import type { Step } from './step.ts';
import { traceContext } from './trace-context.ts';
import { upgradeDeclared } from './upgrade-declared.ts';

export type PipelineParts = {
  trustProxy: string;
  recording: boolean;
  fleet: Pick<Fleet, 'table' | 'incomplete'>;
  readToken: ReadToken;
  verified: VerifiedCache;
  provePossession: ProvePossession;
  redis: RedisClient;
  limiter: RateLimiter;
  owners: Owners;
  policyTrials: PolicyTrials;
  destinations: ReadonlyMap<string, Destination>;
  key: CredentialKey;
  bodies: RequestBodies;
  /** Milliseconds */
  answerPatience: number;
  open: OpenRequests;
  answerHeaders: AnswerHeaders;
  connections: OpenConnections;
};

/** What happens to every request, before anything is known of where it goes. */
export function arrival(parts: PipelineParts): readonly Step[] {
  return [requestIdentity(parts.trustProxy), traceContext(parts.recording), framing];
}

/** What happens to a request for a service, in this order. */
export function passage(parts: PipelineParts): readonly Step[] {
  return [
    parts.open.ofAddress,
    route(parts.fleet),
    upgradeDeclared,
    authenticate(parts.readToken, parts.verified, parts.provePossession),
    parts.open.ofUser,
    gather(parts.redis),
    questionLimit(parts.limiter),
    revocation(parts.owners),
    principal(parts.owners),
    rateLimit(parts.limiter),
    organizationPolicy(parts.owners, parts.policyTrials),
  ];
}

/** The last step of an ordinary request; an upgrade has its own. */
export function departure(parts: PipelineParts): Step {
  return forward({
    ...parts,
    credential: exchange => credentialFor(exchange, parts.key),
    decideAgain: decideAgain(parts.redis, parts.owners),
  });
}

/** Runs the steps; waits only for those that have something to wait for. */
export function run(steps: readonly Step[], exchange: Exchange, from = 0): void | Promise<void> {
  for (let index = from; index < steps.length; index++) {
    const waiting = steps[index]!(exchange);
    if (waiting) return waiting.then(() => run(steps, exchange, index + 1));
  }
}
