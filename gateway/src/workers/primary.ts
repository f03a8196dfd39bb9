import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Channel, channel } from './channel.ts';
import { claimPort } from './claim-port.ts';
import { type Kept, keepRunning } from './keep-running.ts';
import { passLines } from './pass-lines.ts';

/** Milliseconds within which a worker tells its metrics; a dying one does not. */
const PATIENCE = 1_000;

/**
 * Starts workers on one port, each a whole gateway, and keeps them running. The primary answers no request: it
 * passes on signals, the lines of their logs, and what they ask of each other.
 */
export async function startWorkers(
  { workers: count, host, port: wanted }: Config,
  env: NodeJS.ProcessEnv,
  log: Logger,
): Promise<{ stop(): Promise<void> }> {
  const port = await claimPort(host, wanted);
  const channels = new Map<ChildProcess, Channel>();
  let complete = false;

  const metricsOfAll = async () => {
    const asked = await Promise.allSettled([...channels.values()].map(({ ask }) => ask('metrics', PATIENCE)));
    return asked.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  };

  const start = () => {
    const worker = fork(join(import.meta.dirname, 'worker.ts'), {
      // Counted once, so that all divide their limits by the same number.
      env: { ...env, GATEWAY_WORKERS: String(count), PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // JSON has no NaN, which a gauge may be.
      serialization: 'advanced',
    });
    passLines(worker.stdout!, process.stdout);
    passLines(worker.stderr!, process.stderr);
    channels.set(worker, channel(worker, { 'metrics of all': metricsOfAll, 'all ready': () => complete }));
    worker.once('exit', () => channels.delete(worker));
    return worker;
  };

  const workers: Kept[] = Array.from({ length: count }, () =>
    keepRunning(start, ({ pid: worker }, how, pause) =>
      log.error({ worker, how, pause_ms: pause }, 'A worker has ended; it is started again'),
    ),
  );
  const stop = async () => void (await Promise.all(workers.map(worker => worker.stop())));
  try {
    await Promise.all(workers.map(({ ready }) => ready));
  } catch (cause) {
    await stop();
    throw cause;
  }
  complete = true;
  log.info({ workers: count }, 'Ready');
  return { stop };
}
