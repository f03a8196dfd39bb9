import { createServer } from 'node:http';
import { credentialKey, credentialKeys, credentialMemory, rateLimiter } from '@rivergate/caller';
import {
  createIdempotencyTable,
  forgetExpiredAnswers,
  manifest,
  type Runtime,
  serviceClient,
} from '@rivergate/endpoint';
import { createEventTables, eventLogFromEnv, startConsumers, startRelay } from '@rivergate/events';
import { createJobTables, dropOldJobs, JOB_TABLES, startJobWorkers } from '@rivergate/jobs';
import { outbound } from '@rivergate/outbound';
import { connectRedis, whenConnected } from '@rivergate/redis';
import { secretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { standings } from './access/standing.ts';
import { application } from './application.ts';
import { readConfig } from './config.ts';
import { reading } from './database/client.ts';
import { connectDatabase } from './database/connect.ts';
import { type Migration, migrate } from './database/migrate.ts';
import { tenantTable } from './database/tenant.ts';
import {
  endpointsByTag,
  jobKindsOf,
  migrationsOf,
  type Resources,
  type ServiceDefinition,
} from './definition.ts';
import { closeServer, listen } from './http-server.ts';
import { createLog } from './log.ts';
import { serviceMetrics } from './metrics.ts';
import { type Schedule, startSchedules } from './schedule.ts';
import { SERVICES, serviceUrl } from './services.ts';
import { startTracing, withinTraceOf } from './tracing.ts';
import { startWorkers } from './worker.ts';

/** A service at work. */
export interface RunningService {
  url: string;
  resources: Resources;
  /** Resolves once every event written so far has reached the event log. */
  drained(): Promise<void>;
  /** Finishes the requests in flight, then everything else. */
  stop(): Promise<void>;
}

const base: Migration = {
  name: '0000_base',
  async up(knex) {
    await createEventTables(knex);
    await createIdempotencyTable(knex);
  },
};

/** For services with kinds of job. */
const jobTables: Migration = {
  name: '0000_jobs',
  async up(knex) {
    await createJobTables(knex);
    for (const table of JOB_TABLES) await tenantTable(knex, table);
  },
};

/** @returns the names of the migrations that were applied now, see `migrate` */
export function migrateService(
  definition: Pick<ServiceDefinition, 'modules'>,
  knex: Knex,
): Promise<string[]> {
  const jobs = jobKindsOf(definition).length > 0 ? [jobTables] : [];
  return migrate(knex, [base, ...jobs, ...migrationsOf(definition)]);
}

/** Bytes. A credential tells of rights in some ten thousand workspaces at most; nobody but the fleet calls here. */
const MAX_HEADER_SIZE = 128 * 1024;

/** Milliseconds for which the boot waits for Redis; without it, what needs it answers 503. */
const REDIS_PATIENCE = 2_000;

const forgetting: Schedule<Resources> = {
  name: 'forget expired answers',
  every: 600,
  run: ({ knex }) => forgetExpiredAnswers(knex),
};

const dropping: Schedule<Resources> = {
  name: 'drop old jobs',
  every: 600,
  run: ({ knex }) => dropOldJobs(knex),
};

/** Boots a service from its definition and its environment: migrates, connects, listens, and only then is ready. */
export async function startService<Tools extends object>(
  definition: ServiceDefinition<Tools>,
  env: NodeJS.ProcessEnv,
): Promise<RunningService> {
  const { name } = definition;
  const config = readConfig(env);
  const log = createLog(name, config.LOG_LEVEL);
  const stopping: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of stopping.splice(0).reverse()) {
      await step().catch(cause => log.error({ err: cause }, 'A part did not stop cleanly'));
    }
  };
  try {
    stopping.push(await startTracing(name, config.OTEL_EXPORTER_OTLP_ENDPOINT));
    const traced = config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
    const knex = connectDatabase(config.DATABASE_URL, name, config.DATABASE_POOL, {
      traced,
      prepared: config.DATABASE_PREPARED === 'on',
    });
    stopping.push(() => knex.destroy());
    const redis = connectRedis(config.REDIS_URL, log, 'waits');
    stopping.push(async () => redis.disconnect());
    const eventLog = eventLogFromEnv(env, log);
    stopping.push(() => eventLog.close());
    const call = serviceClient({ key: credentialKey(env), urlOf: service => serviceUrl(env, service) });
    stopping.push(() => call.close());

    const applied = await migrateService(definition, knex);
    if (applied.length > 0) log.info({ migrations: applied }, 'Schema migrated');

    const limiter = rateLimiter(redis, env);
    const box = secretBox(config.ENCRYPTION_KEY);
    const fetcher = outbound({
      allowed: config.OUTBOUND_ALLOW,
      nameServers: config.OUTBOUND_DNS,
      onRefusal: refusal =>
        log.warn(refusal, 'A URL that a user gave leads to an address that is not allowed'),
    });
    stopping.push(() => fetcher.close());
    const resources: Resources = {
      config,
      env,
      knex,
      redis,
      log,
      eventLog,
      secretBox: box,
      call,
      limiter,
      outbound: fetcher,
      onStop: work => stopping.push(work),
    };
    const tools = { ...resources, ...((await definition.tools?.(resources)) ?? ({} as Tools)) };
    await definition.prepare?.(tools);

    const metrics = serviceMetrics(name);
    stopping.push(async () => metrics.stop());
    const relay = startRelay({ knex, eventLog, log, metrics: metrics.events });
    stopping.push(() => relay.stop());
    const consumers = definition.modules.flatMap(module => module.consumers?.(tools) ?? []);
    const consuming = await startConsumers({
      service: name,
      consumers,
      knex,
      eventLog,
      log,
      metrics: metrics.events,
      around: withinTraceOf,
    });
    stopping.push(() => consuming.stop());
    const kinds = new Map(jobKindsOf(definition).map(kind => [kind.spec.name, kind]));
    const schedules = startSchedules<Tools & Resources>(
      [
        forgetting,
        ...(kinds.size > 0 ? [dropping] : []),
        ...definition.modules.flatMap(({ schedules = [] }) => schedules),
      ],
      tools,
    );
    stopping.push(() => schedules.stop());
    const working = startWorkers<Tools & Resources>(
      definition.modules.flatMap(({ workers = [] }) => workers),
      tools,
      metrics.workers,
    );
    stopping.push(() => working.stop());

    const groups = endpointsByTag(definition);
    const endpoints = Object.values(groups).flat();
    const standing = standings(redis, call, endpoints, definition.lockMemberships);
    if (kinds.size > 0) {
      const workers = startJobWorkers({
        service: name,
        kinds,
        knex,
        redis,
        redisUrl: config.REDIS_URL,
        log,
        metrics: metrics.jobs,
        tools,
        standing: standing.ofAbsent,
        // Most connections are for the requests.
        slots: Math.max(1, Math.floor(config.DATABASE_POOL / 4)),
      });
      stopping.push(() => workers.stop());
    }
    const leaving = new AbortController();
    const runtime: Runtime = {
      publicUrl: config.PUBLIC_URL,
      service: name,
      knex,
      reading: () => reading(knex),
      redis,
      keys: credentialKeys(env),
      seen: credentialMemory(),
      secretBox: box,
      limiter,
      call,
      standing: standing.ofCaller,
      lockedStanding: standing.locked,
      freshSeconds: config.FRESH_AUTHENTICATION_SECONDS,
      log,
      stopping: leaving.signal,
      heartbeat: 1_000 * config.EVENT_HEARTBEAT,
      traced,
      strictness: config.NODE_ENV === 'test' ? 'fails' : 'repairs',
      tools,
    };
    const app = application({
      endpoints,
      runtime,
      manifest: manifest(name, groups),
      registry: metrics.registry,
      metricsToken: config.METRICS_TOKEN,
      checks: async () => ({
        database: await knex.raw('select 1').then(
          () => true,
          () => false,
        ),
        cache: await redis.ping().then(
          () => true,
          () => false,
        ),
      }),
    });
    await whenConnected(redis, REDIS_PATIENCE);
    // How long a body may take follows from its pace, at which the gateway looks.
    const server = createServer(
      { keepAliveTimeout: 75_000, requestTimeout: 0, maxHeaderSize: MAX_HEADER_SIZE },
      app,
    );
    const port = config.PORT ?? SERVICES.find(known => known.name === name)?.port ?? 0;
    const url = await listen(server, config.HOST, port);
    stopping.push(() => {
      leaving.abort();
      return closeServer(server);
    });
    log.info({ url }, 'Ready');
    return { url, resources, drained: () => relay.drained(), stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}
