import type { CredentialKeys, Principal, RateLimiter, RequestedOperation, UsedOnce } from '@rivergate/caller';
import type { RedisClient } from '@rivergate/redis';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { ServiceClient } from './client.ts';
import type { Strictness } from './declared-answer.ts';
import type { Log } from './endpoint.ts';

/** What a service gives its endpoints to run on. */
export interface Runtime {
  /** The address that people use. */
  publicUrl: string;
  /** The service's name: the audience of credentials and the source of its events. */
  service: string;
  knex: Knex;
  /** The database for one request that only reads: nothing is visible by row-level security until it is bound. */
  reading(): Knex.Transaction;
  redis: RedisClient;
  keys: CredentialKeys;
  /** Credentials that were used already. */
  seen: UsedOnce;
  secretBox: SecretBox;
  limiter: RateLimiter;
  call: ServiceClient;
  /**
   * The user as session and membership make them now. Throws Unauthorized when the session has ended, and
   * UpstreamUnavailable when that cannot be known; IpNotAllowed, TokenNotAllowed and PolicyDenied where the organization does not admit
   * the request, unless `spec` says that it is open from any network.
   */
  standing(
    caller: Principal,
    db: Knex.Transaction,
    spec: RequestedOperation & { anyNetwork?: true | undefined },
  ): Promise<Principal>;
  /**
   * In the service that owns memberships: makes changes of what members of the caller's organization may do wait for the
   * transaction, and gives the caller as the membership is then.
   */
  lockedStanding?: ((caller: Principal, db: Knex.Transaction) => Promise<Principal>) | undefined;
  /** Seconds for which an authentication counts as fresh. */
  freshSeconds: number;
  log: Log;
  /** Aborted when the service is about to stop: what would stay open ends. */
  stopping: AbortSignal;
  /** Milliseconds without an event after which an event stream shows that it is still there. */
  heartbeat: number;
  /** Whether requests and statements become spans. */
  traced: boolean;
  /** What becomes of an answer that its declaration does not name: in tests the request fails. */
  strictness: Strictness;
  /** The service's own additions to every handler's context. */
  tools: object;
}
