import { type AccessQuestion, type Member, readAccess, recallAccess } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { Exchange } from '../exchange.ts';
import type { AccessToken } from '../tokens/access-token.ts';

/**
 * Step: what the next ones decide by, the session, the memberships and the policy of the organization. From the memory that Redis keeps true, else from
 * Redis: then the requests of one turn of the event loop share a round trip.
 */
export function gather(redis: RedisClient) {
  const read = readAnew(redis);
  return (exchange: Exchange): void | Promise<void> => {
    exchange.decidedAt = exchange.startedAt;
    if (!exchange.token) return;
    const access = recallAccess(redis, questionOf(exchange));
    if (!access) return read(exchange);
    exchange.access = access;
    exchange.decidedAt = access.asOf;
  };
}

/** Reads from Redis, whatever is remembered. Where it cannot be had, nothing is known, and the owners are asked. */
export function readAnew(redis: RedisClient) {
  return async (exchange: Exchange): Promise<void> => {
    exchange.decidedAt = performance.now();
    exchange.access = null;
    if (redis.status !== 'ready') return;
    exchange.access = await readAccess(redis, questionOf(exchange)).catch(() => null);
  };
}

/** The last question about each token: asked again as the same object, its facts have not to be named anew. */
const latest = new WeakMap<AccessToken, { named: number | null; question: AccessQuestion }>();

function questionOf({ token, pathOrganizationId: named }: Exchange): AccessQuestion {
  const known = latest.get(token!);
  if (known?.named === named) return known.question;
  const policyOf = named ?? token!.organizationId;
  const question = { ...token!.login, members: membersAbout(token!, named), policyOf };
  latest.set(token!, { named, question });
  return question;
}

/** Who acts in somebody's name does so by the rights of both, in one organization alone. */
function membersAbout(
  { userId, impersonatorId, organizationId }: AccessToken,
  named: number | null,
): readonly Member[] {
  if (userId === null) return [];
  if (impersonatorId !== null)
    return [userId, impersonatorId].map(who => ({ organizationId: organizationId!, userId: who }));
  return organizationsAbout(organizationId, named).map(id => ({ organizationId: id, userId }));
}

function organizationsAbout(active: number | null, named: number | null): number[] {
  if (named === null || named === active) return active === null ? [] : [active];
  return active === null ? [named] : [active, named];
}

/**
 * The memberships that the decision is about: those of the user in the token's active organization and in the one that the
 * path names; or in the active one that of the user and that of who acts in the user's name.
 */
export function membersOf(exchange: Exchange): readonly Member[] {
  return questionOf(exchange).members;
}
