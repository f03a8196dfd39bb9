import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { clone, tools } from '../launch/roster.ts';
import { type Guard, startGuard } from '../processes/guard.ts';
import { isAlive } from '../processes/process-table.ts';
import type { Program } from '../processes/program.ts';
import { type Supervised, supervise } from '../processes/supervise.ts';
import { chromium } from '../provision/chromium.ts';
import { initialisedCluster } from '../provision/initialised-cluster.ts';
import { go, python } from '../provision/languages.ts';
import { freePorts } from '../provision/ports.ts';
import { preparePostgres } from '../provision/postgres.ts';
import { prepareRedis } from '../provision/redis.ts';
import { removeDirectory } from '../provision/system-account.ts';
import { runKafka } from './kafka.ts';
import { runKeycloak } from './keycloak.ts';
import { listenOnDemand, type Offer } from './on-demand.ts';
import { pysaml2 } from './pysaml2.ts';

/** What the tests of one run talk to. */
export type BackingServices = {
  /** Throwaway directory of this run. */
  directory: string;
  guard: Guard;
  /** What the tests find them by. */
  environment: NodeJS.ProcessEnv;
  /** Starts Kafka, unless it runs. Tests ask for it by `testKafka`. */
  kafka(): Promise<Offer>;
  /** What was asked for and could not be had on this machine, and why: the suites that need it are skipped. */
  missing: string[];
  stop(): Promise<void>;
};

/** PostgreSQL and Redis for one run of the tests; Kafka and a browser once a test asks. All is gone after `stop`. */
export async function startBackingServices(progress: Progress): Promise<BackingServices> {
  const runs = join(clone, '.test');
  const directory = join(runs, `run-${process.pid}`);
  sweep(runs);
  mkdirSync(directory, { recursive: true });
  const guard = startGuard();
  const stopping: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stopping.map(end => end()));
    await guard.close();
    discard(directory);
  };
  const run = async (program: Program) => {
    const began = Date.now();
    const started: Supervised = supervise(program, { guard, logDirectory: join(directory, 'logs') });
    stopping.push(() => started.stop());
    await started.ready;
    progress.done(program.title, Date.now() - began);
  };

  try {
    const missing: string[] = [];
    const onDemand = await listenOnDemand({
      kafka: () => runKafka({ directory: join(directory, 'kafka'), guard, progress, stopping }),
      chromium: () => chromium({ tools, progress }),
      go,
      python,
      pysaml2: () => pysaml2(progress),
      keycloak: () => runKeycloak({ directory: join(directory, 'keycloak'), run, progress }),
    });
    onDemand.refused = (name, reason) => missing.push(`${name}: ${reason}`);
    stopping.push(onDemand.close);

    const [postgresPort, redisPort] = (await freePorts(2)) as [number, number];
    const startRedis = async () => {
      const { program, url } = await prepareRedis({
        directory: join(directory, 'redis'),
        port: redisPort,
        password: randomPassword(),
        durable: false,
        tools,
        progress,
      });
      await run(program);
      return {
        TEST_REDIS_URL: url,
        TEST_REDIS_SERVER: program.command,
        TEST_REDIS_LIBRARY_PATH: program.env?.LD_LIBRARY_PATH,
      };
    };
    const startPostgres = async () => {
      const copyOf = await initialisedCluster(runs, progress);
      const { program, adminUrl } = await preparePostgres({
        directory: join(directory, 'postgres'),
        port: postgresPort,
        password: copyOf.password,
        copyOf: copyOf.directory,
        durable: false,
        maxConnections: 500,
        progress,
      });
      await run(program);
      return { TEST_DATABASE_ADMIN_URL: adminUrl };
    };
    const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    return {
      directory,
      guard,
      environment: {
        ...redis,
        ...postgres,
        TEST_ON_DEMAND_URL: onDemand.url,
        TEST_KAFKA_CACHE: join(tools, 'kafka'),
      },
      kafka: () => onDemand.ask('kafka'),
      missing,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Removes what runs that were killed left behind. */
function sweep(runs: string) {
  mkdirSync(runs, { recursive: true });
  for (const name of readdirSync(runs)) {
    const pid = Number(/^run-(\d+)$/.exec(name)?.[1]);
    if (pid && !isAlive(pid)) discard(join(runs, name));
  }
}

function discard(directory: string) {
  removeDirectory(join(directory, 'postgres'));
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function randomPassword(): string {
  return randomBytes(16).toString('hex');
}
