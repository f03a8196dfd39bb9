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
import { go, python } from '../provision/languages.ts';
import { freePorts } from '../provision/ports.ts';
import { preparePostgres } from '../provision/postgres.ts';
import { prepareRedis } from '../provision/redis.ts';
import { elsewhere } from '../provision/system-account.ts';

export type TestGround = {
  /** Throwaway directory of this run. */
  directory: string;
  guard: Guard;
  /** What the tests find their stores by. */
  environment: NodeJS.ProcessEnv;
  /** What could not be had here, and why the suites that need it are skipped. */
  missing: string[];
  stop(): Promise<void>;
};

/** PostgreSQL, Redis, Kafka and a browser for one run of the tests. All of it is gone after `stop`. */
export async function openGround(progress: Progress): Promise<TestGround> {
  const runs = join(clone, '.test');
  const directory = join(runs, `run-${process.pid}`);
  sweep(runs);
  mkdirSync(directory, { recursive: true });
  const guard = startGuard();
  const running: Supervised[] = [];
  const brokers: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all([...running, ...brokers].map(one => one.stop()));
    await guard.close();
    discard(directory);
  };
  const run = async (program: Program) => {
    const began = Date.now();
    const started = supervise(program, { guard, logDirectory: join(directory, 'logs') });
    running.push(started);
    await started.ready;
    progress.done(program.title, Date.now() - began);
  };

  try {
    const missing: string[] = [];
    const environment: NodeJS.ProcessEnv = {};
    const password = randomBytes(16).toString('hex');
    const [postgresPort, redisPort] = (await freePorts(2)) as [number, number];

    // One after the other where something may have to be installed: Debian installs one package at a time.
    const redis = await prepareRedis({
      directory: join(directory, 'redis'),
      port: redisPort,
      password,
      durable: false,
      tools,
      step: progress.step,
    });
    const browser = await chromium(progress.step);
    if (browser.path) environment.CHROMIUM_PATH = browser.path;
    else missing.push(`browser: ${browser.reason}`);
    const [goHere, pythonHere] = await Promise.all([go(), python()]);
    if (!goHere.program) missing.push(`Go: ${goHere.reason}`);
    if (!pythonHere.program) missing.push(`Python: ${pythonHere.reason}`);

    await Promise.all([
      run(redis.program),
      openDatabase(join(directory, 'postgres'), postgresPort, password, progress, run).then(url => {
        environment.TEST_DATABASE_ADMIN_URL = url;
      }),
      openKafka(directory, guard, brokers, progress).then(({ urls, reason }) => {
        if (urls) environment.TEST_KAFKA_BROKERS = urls;
        else missing.push(`Kafka: ${reason}`);
      }),
    ]);
    environment.TEST_REDIS_URL = redis.url;
    environment.TEST_REDIS_SERVER = redis.program.command;
    environment.TEST_REDIS_LIBRARY_PATH = redis.program.env?.LD_LIBRARY_PATH;
    return { directory, guard, environment, missing, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openDatabase(
  directory: string,
  port: number,
  password: string,
  { step }: Progress,
  run: (program: Program) => Promise<void>,
): Promise<string> {
  const options = { directory, port, password, durable: false, maxConnections: 500 };
  const { program, adminUrl } = await step('creating the database', () => preparePostgres(options));
  await run(program);
  return adminUrl;
}

async function openKafka(
  directory: string,
  guard: Guard,
  brokers: { stop(): Promise<void> }[],
  progress: Progress,
) {
  if (process.env.KAFKA_BROKERS) return { urls: process.env.KAFKA_BROKERS };
  try {
    const { startBroker } = await import('@rivergate/kafka');
    return await progress.step('Kafka', async () => {
      const broker = await startBroker({
        dataDir: join(directory, 'kafka'),
        cacheDir: join(tools, 'kafka'),
        log: line => progress.note(line),
      });
      if (!broker.brokers) return { urls: undefined, reason: (broker as { reason: string }).reason };
      brokers.push(broker as { stop(): Promise<void> });
      guard.watch((broker as { pid: number }).pid, 'SIGTERM');
      return { urls: broker.brokers };
    });
  } catch (error) {
    return { urls: undefined, reason: (error as Error).message };
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
  rmSync(elsewhere(join(directory, 'postgres')), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
