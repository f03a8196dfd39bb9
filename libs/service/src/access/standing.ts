import {
  type KnownMembership,
  type Membership,
  type Principal,
  readAccess,
  standingIn,
} from '@rivergate/caller';
import { memberPrincipal, sessionState } from '@rivergate/contracts';
import { type Call, type Endpoint, type EndpointSpec, type Runtime, Unauthorized } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import { accessOwners, askMembership, askSession } from './owners.ts';

/** Finds out anew what a user may do. */
export interface Standings {
  /** As the gateway did when the request came. */
  ofCaller: Runtime['standing'];
  /**
   * Of someone for whom work goes on when they have left: by membership, whatever has become of the session. What makes
   * a system administrator is a session, and ends with it.
   */
  ofAbsent: Runtime['standing'];
}

/**
 * A fact that this service owns is read in the transaction at hand: asking itself over HTTP would take a second
 * connection of a pool that may be all taken by requests that wait for the same.
 */
export function standings(redis: RedisClient, call: Call, endpoints: readonly Endpoint[]): Standings {
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
  const standing = async (
    caller: Principal & { userId: number },
    isSystemAdmin: boolean,
    known: Known,
    db: Knex.Transaction,
  ): Promise<Principal> => {
    const { userId, organizationId } = caller;
    const membership =
      organizationId === null
        ? undefined
        : await membershipOf(organizationId, userId, known?.memberships[0], db);
    return { ...caller, ...standingIn(organizationId, membership, isSystemAdmin) };
  };
  const lookUp = ({ userId, organizationId }: Principal & { userId: number }, sessionId: number) =>
    readAccess(redis, {
      sessionId,
      userId,
      organizationIds: organizationId === null ? [] : [organizationId],
    }).catch(() => null);

  return {
    async ofCaller(caller, db) {
      const { userId, sessionId } = caller;
      if (userId === null || sessionId === null) throw Unauthorized();
      const known = await lookUp({ ...caller, userId }, sessionId);
      const session = await sessionOf(sessionId, known, db);
      if (session.state !== 'active' || session.userId !== userId) throw ended();
      return await standing({ ...caller, userId }, session.isSystemAdmin, known, db);
    },
    async ofAbsent(caller, db) {
      const { userId, sessionId } = caller;
      if (userId === null) throw Unauthorized();
      const known = await lookUp({ ...caller, userId }, sessionId ?? 0);
      let isSystemAdmin = false;
      if (caller.isSystemAdmin && sessionId !== null) {
        const session = await sessionOf(sessionId, known, db);
        isSystemAdmin = session.state === 'active' && session.userId === userId && session.isSystemAdmin;
      }
      return await standing({ ...caller, userId }, isSystemAdmin, known, db);
    },
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
