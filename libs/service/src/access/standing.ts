import { type KnownMembership, type Membership, readAccess, standingIn } from '@rivergate/caller';
import { memberPrincipal, sessionState } from '@rivergate/contracts';
import { type Call, type Endpoint, type EndpointSpec, type Runtime, Unauthorized } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import { accessOwners, askMembership, askSession } from './owners.ts';

/**
 * Finds out anew what a user may do, as the gateway did when the request came. A fact that this service owns is read in
 * the transaction at hand: asking itself over HTTP would take a second connection of a pool that may be all taken by
 * requests that wait for the same.
 */
export function standing(
  redis: RedisClient,
  call: Call,
  endpoints: readonly Endpoint[],
): Runtime['standing'] {
  const owners = accessOwners(redis, call);
  const owns = (asked: EndpointSpec) => endpoints.some(({ spec }) => spec.operation === asked.operation);
  const [ownsSessions, ownsMemberships] = [owns(sessionState), owns(memberPrincipal)];

  const sessionOf = async (sessionId: number, known: Known, db: Knex.Transaction) => {
    if (ownsSessions) return askSession(askHere(endpoints, db), sessionId);
    return known && known.session.state !== 'unknown' ? known.session : owners.session(sessionId);
  };
  const membershipOf = async (
    organizationId: number,
    userId: number,
    known: KnownMembership | undefined,
    db: Knex.Transaction,
  ): Promise<Membership> => {
    if (ownsMemberships) return askMembership(askHere(endpoints, db), organizationId, userId);
    return known?.membership ?? owners.membership(organizationId, userId, known);
  };

  return async (caller, db) => {
    const { userId, sessionId, organizationId } = caller;
    if (userId === null || sessionId === null) throw Unauthorized();
    const organizationIds = organizationId === null ? [] : [organizationId];
    const known = await readAccess(redis, { sessionId, userId, organizationIds }).catch(() => null);
    const session = await sessionOf(sessionId, known, db);
    if (session.state !== 'active' || session.userId !== userId) throw ended();
    const membership =
      organizationId === null
        ? undefined
        : await membershipOf(organizationId, userId, known?.memberships[0], db);
    return { ...caller, ...standingIn(organizationId, membership, session.isSystemAdmin) };
  };
}

type Known = Awaited<ReturnType<typeof readAccess>> | null;

/** Answers questions of libs/contracts by this service's own endpoints, in the given transaction. */
function askHere(endpoints: readonly Endpoint[], db: Knex.Transaction): Call {
  const ask = async (spec: EndpointSpec, input: object): Promise<unknown> => {
    const endpoint = endpoints.find(known => known.spec.operation === spec.operation)!;
    return endpoint.handle({ ...input, db } as never);
  };
  return ask as Call;
}

function ended() {
  return Unauthorized('The session of this access token has ended; sign in again', [], {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
