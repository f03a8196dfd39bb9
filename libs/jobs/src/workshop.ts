import type { Principal } from '@rivergate/caller';
import type { Log } from '@rivergate/endpoint';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import type { JobKind } from './kind.ts';
import type { JobMetrics } from './metrics.ts';

/** What jobs are carried out with. */
export interface Workshop {
  service: string;
  kinds: ReadonlyMap<string, JobKind>;
  knex: Knex;
  redis: RedisClient;
  log: Log;
  metrics: JobMetrics;
  /** What the item functions of the service get beside the library's own context. */
  tools: object;
  /**
   * Whoever started a job, with the rights that they have now.
   *
   * @throws UpstreamUnavailable when that cannot be known
   */
  standing(starter: Principal, db: Knex.Transaction): Promise<Principal>;
}
