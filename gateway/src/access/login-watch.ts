import {
  type Access,
  type AccessPolicy,
  hasExpired,
  type Login,
  type LoginState,
  readAccess,
  refusalUnder,
} from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Owners } from '@rivergate/service';
import type { OfLogin, OpenConnections } from '../forwarding/open-connections.ts';
import { denyingPolicy } from '../pipeline/organization-policy.ts';

/** Milliseconds between two looks at the sessions and tokens that hold something open. */
const INTERVAL = 500;

/**
 * Closes the WebSockets and streams of revoked sessions and tokens, and those that their organization does not admit any
 * more. They outlive the decision that let them in, so it is made again for as long as they are open, by every gateway for
 * its own: from Redis, and by the owner where Redis does not know.
 *
 * @returns what stops watching
 */
export function watchLogins(
  redis: RedisClient,
  owners: Pick<Owners, 'session' | 'token' | 'policy'>,
  connections: Pick<OpenConnections, 'ofLogins'>,
): () => void {
  const stateOf = async (login: Login, known: LoginState | undefined): Promise<LoginState | null> => {
    if (known && known.state !== 'unknown') return known;
    return 'sessionId' in login
      ? owners.session(login.sessionId, known?.seen)
      : owners.token(login, known?.seen);
  };
  const policyOf = async (organizationId: number, known: Access | null): Promise<AccessPolicy> =>
    known?.policy.policy ?? owners.policy(organizationId, known?.policy);

  const look = async ({ login, subject, close }: OfLogin) => {
    const asked = { ...login, members: [], policyOf: subject?.organizationId ?? null };
    const known = await readAccess(redis, asked).catch(() => null);
    const state = await stateOf(login, known?.session);
    if (state?.state !== 'active' || hasExpired(state)) return close();
    if (!subject) return;
    const policy = await policyOf(subject.organizationId, known);
    if (refusalUnder(policy, subject) || denyingPolicy(policy, subject)) close();
  };
  const timer = setInterval(() => {
    for (const open of connections.ofLogins()) look(open).catch(() => {});
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}
