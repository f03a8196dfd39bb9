import type { RateLimiter } from '@rivergate/caller';
import type { Call, Endpoint, Log } from '@rivergate/endpoint';
import type { Consumer, EventLog } from '@rivergate/events';
import type { SecretBox } from '@rivergate/secrets';
import type { Redis } from 'ioredis';
import type { Knex } from 'knex';
import type { Config } from './config.ts';
import type { Migration } from './database/migrate.ts';
import type { Job } from './job.ts';
import type { ServiceName } from './services.ts';

/** What a service runs on, made by this library from the environment. */
export interface Resources {
  config: Config;
  /** The whole environment, for what only this service knows. */
  env: NodeJS.ProcessEnv;
  knex: Knex;
  redis: Redis;
  log: Log;
  eventLog: EventLog;
  secretBox: SecretBox;
  call: Call;
  limiter: RateLimiter;
  /** Runs when the service stops, after its last request. */
  onStop(work: () => Promise<void>): void;
}

/** What a service is: its table of contents. */
export interface ServiceDefinition<Tools extends object = object> {
  name: ServiceName;
  /** Endpoints by the tag under which the API documentation lists them. */
  endpoints: Record<string, readonly Endpoint[]>;
  migrations: readonly Migration[];
  /** What every handler gets beside the library's own context. */
  tools?(resources: Resources): Promise<Tools>;
  /** Runs once the schema is there, before the first request: first keys, first rows. */
  prepare?(tools: Tools & Resources): Promise<void>;
  consumers?(tools: Tools & Resources): readonly Consumer[];
  jobs?: readonly Job<Tools & Resources>[];
}

/** Keeps the types of a definition together. */
export function defineService<Tools extends object = object>(
  definition: ServiceDefinition<Tools>,
): ServiceDefinition<Tools> {
  return definition;
}
