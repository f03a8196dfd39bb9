import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { createLog } from './log.ts';

/** Milliseconds after which a stop that hangs is ended by force. */
const PATIENCE = 20_000;

/**
 * Runs something as a process: stops it cleanly on SIGTERM, SIGINT and when the launcher that started it is gone,
 * and ends with 1 when it cannot boot.
 */
export async function runProcess(
  name: string,
  boot: (log: Logger) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  // Once a process has been idle under little load, V8 takes what requests allocate for long-lived and puts it where only
  // a full collection frees it: the processor time of a request rose by a tenth, the slowest took three times as long.
  setFlagsFromString('--no-allocation-site-pretenuring');
  const log = createLog(name, process.env.LOG_LEVEL ?? 'info');
  let ending = false;
  const end = async (why: string, code: number, stop: () => Promise<void>) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'Stopping');
    setTimeout(() => process.exit(1), PATIENCE).unref();
    await stop();
    process.exit(code);
  };
  const booting = boot(log);
  const stop = () =>
    booting.then(
      running => running.stop(),
      () => {},
    );
  process.on('SIGTERM', () => end('SIGTERM', 0, stop));
  process.on('SIGINT', () => end('SIGINT', 0, stop));
  process.on('disconnect', () => end('The launcher is gone', 0, stop));
  process.on('unhandledRejection', cause =>
    log.error({ err: cause }, 'A promise was rejected and nobody looked'),
  );
  process.on('uncaughtException', cause => {
    log.fatal({ err: cause }, 'An error that nobody caught');
    void end('an uncaught error', 1, stop);
  });
  try {
    await booting;
    if (process.connected) process.send?.({ ready: true });
  } catch (cause) {
    log.fatal({ err: cause }, 'Could not boot');
    process.exit(1);
  }
}
