import type { RateLimiter } from '@rivergate/caller';
import { type Call, type Endpoint, type Log, routeKey, templatePath } from '@rivergate/endpoint';
import type { Consumer, EventLog } from '@rivergate/events';
import { type JobKind, jobEndpoints } from '@rivergate/jobs';
import type { Outbound } from '@rivergate/outbound';
import type { RedisClient } from '@rivergate/redis';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { Config } from './config.ts';
import type { Migration } from './database/migrate.ts';
import { auditedActions } from './personal-data/audited.ts';
import { eraseConsumer } from './personal-data/erase.ts';
import { exportEndpoint } from './personal-data/export.ts';
import type { PersonalData, PersonalDataPolicy } from './personal-data/personal-data.ts';
import type { Schedule } from './schedule.ts';
import type { ServiceName } from './services.ts';
import type { Worker } from './worker.ts';

/** What a service runs on, made by this library from the environment. */
export interface Resources {
  config: Config;
  /** The whole environment, for what only this service knows. */
  env: NodeJS.ProcessEnv;
  knex: Knex;
  redis: RedisClient;
  log: Log;
  eventLog: EventLog;
  secretBox: SecretBox;
  call: Call;
  limiter: RateLimiter;
  /** The way to a URL that a user gave. */
  outbound: Outbound;
  /** Runs when the service stops, after its last request. */
  onStop(work: () => Promise<void>): void;
}

/** One capability of a service: what the `index.ts` of its folder exports. */
export interface Module<Tools extends object = object> {
  /** Heading under which the API documentation lists the endpoints; modules may share one. */
  tag?: string;
  endpoints?: readonly Endpoint[];
  consumers?(tools: Tools & Resources): readonly Consumer[];
  schedules?: readonly Schedule<Tools & Resources>[];
  workers?: readonly Worker<Tools & Resources>[];
  /** Tables, workers and the endpoints of their jobs follow from this list. */
  jobKinds?: readonly JobKind[];
  migrations?: readonly Migration[];
  /** What its tables hold on people. */
  personalData?: readonly PersonalData<Tools & Resources>[];
}

/** What a service is: its table of contents. */
export interface ServiceDefinition<Tools extends object = object> {
  name: ServiceName;
  modules: readonly Module<Tools>[];
  /** For a service that holds something on people: its endpoint of exports and its consumer of erasures follow from this. */
  personalData?: PersonalDataPolicy<Tools & Resources>;
  /** What every handler gets beside the library's own context. */
  tools?(resources: Resources): Promise<Tools>;
  /**
   * Of the service that owns memberships: makes every change of what members of an organization may do wait for this
   * transaction.
   */
  lockMemberships?(db: Knex.Transaction, organizationId: number): Promise<unknown>;
  /** Runs once the schema is there, before the first request: first keys, first rows. */
  prepare?(tools: Tools & Resources): Promise<void>;
}

/**
 * Keeps the types of a definition together, adds to each module the endpoints of its kinds of job, and to a service that
 * holds something on people what exports and erases it.
 *
 * @throws an Error for a module whose public endpoints have no tag to be listed under, and for a path and method that
 *   two endpoints declare
 */
export function defineService<Tools extends object = object>(
  definition: ServiceDefinition<Tools>,
): ServiceDefinition<Tools> {
  const declared = definition.modules.map(module => {
    const { endpoints = [], jobKinds = [] } = module;
    return { ...module, endpoints: [...endpoints, ...jobKinds.flatMap(jobEndpoints)] };
  });
  const modules = [...declared, ...personalDataModule(definition)];
  const places = new Set<string>();
  for (const { tag, endpoints = [] } of modules) {
    for (const { spec } of endpoints) {
      const place = routeKey(spec.method, templatePath(spec));
      if (places.has(place)) throw new Error(`Two endpoints of ${definition.name} declare ${place}`);
      places.add(place);
    }
    const untitled = tag ? undefined : endpoints.find(({ spec }) => spec.caller !== 'internal');
    if (untitled)
      throw new Error(`${untitled.spec.method} ${untitled.spec.path} is in a module without a tag`);
  }
  return { ...definition, modules };
}

/** The endpoints of all modules by tag, in the order of the table of contents; internal ones have no tag to show. */
export function endpointsByTag({ modules }: Pick<ServiceDefinition, 'modules'>): Record<string, Endpoint[]> {
  const byTag: Record<string, Endpoint[]> = {};
  for (const { tag = 'Internal', endpoints = [] } of modules) {
    byTag[tag] = [...(byTag[tag] ?? []), ...endpoints];
  }
  return byTag;
}

/** The migrations of all modules in the order of their names, which is that of their application. */
export function migrationsOf({ modules }: Pick<ServiceDefinition, 'modules'>): Migration[] {
  return modules
    .flatMap(({ migrations = [] }) => migrations)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** What all modules hold on people, and the audit log. */
export function personalDataIn<Tools extends object>({
  modules,
}: Pick<ServiceDefinition<Tools>, 'modules'>): PersonalData<Tools & Resources>[] {
  return [...modules.flatMap(({ personalData = [] }) => personalData), auditedActions];
}

function personalDataModule<Tools extends object>(definition: ServiceDefinition<Tools>): Module<Tools>[] {
  const { name, personalData: policy } = definition;
  if (!policy) return [];
  const held = personalDataIn(definition);
  return [
    {
      endpoints: [exportEndpoint(name, policy, held as PersonalData[])],
      consumers: tools => [eraseConsumer(policy, held, tools)],
    },
  ];
}

/** The kinds of job of all modules. */
export function jobKindsOf({ modules }: Pick<ServiceDefinition, 'modules'>): JobKind[] {
  return modules.flatMap(({ jobKinds = [] }) => jobKinds);
}
