import { progressOn, seconds } from '../console/progress.ts';
import { banner } from './banner.ts';
import { type Fleet, launch } from './launch.ts';
import { BadOption, readOptions } from './options.ts';

/** npm, the shell and the terminal may each pass the same Ctrl-C on: within this time it counts once. */
const SAME_PRESS_MS = 700;
const progress = progressOn(process.stdout, process.stderr);

/** The command behind `npm start` and `npm run dev`: starts the fleet and lives as long as it. */
export async function runUntilStopped(args: string[], afterwards: (fleet: Fleet) => void = () => {}) {
  // Of this process, so that what bootstrap.mjs installed counts too, unless that was another process.
  const began = performance.timeOrigin;
  const asked = stopRequests();
  try {
    const options = readOptions(args);
    const givenUp = new AbortController();
    const starting = launch({ ...options, progress, signal: givenUp.signal });
    const fleet = await Promise.race([starting, asked.first.then(() => undefined)]);
    if (!fleet) {
      progress.note('stopping before everything was up');
      givenUp.abort();
      await Promise.race([
        asked.second,
        starting.then(
          started => started.stop(),
          () => {},
        ),
      ]);
      process.exit(130);
    }
    process.stdout.write(banner(fleet, Date.now() - began));
    afterwards(fleet);
    await asked.first;
    await stopWell(fleet, asked.second);
    process.exit(0);
  } catch (error) {
    progress.fail(describe(error));
    process.exit(error instanceof BadOption ? 2 : 1);
  }
}

async function stopWell(fleet: Fleet, second: Promise<void>) {
  const began = Date.now();
  progress.note('stopping (Ctrl-C again to kill)');
  const stopped = await Promise.race([fleet.stop().then(() => true), second.then(() => false)]);
  if (stopped) {
    progress.done('stopped', Date.now() - began);
    return;
  }
  fleet.kill();
  progress.warn(`killed after ${seconds(Date.now() - began)}`);
}

/** Resolves at the first and at the second request to stop: a signal, or the end of the process that started this one. */
function stopRequests() {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let firstAt = 0;
  const request = () => {
    if (firstAt === 0) {
      firstAt = Date.now();
      first.resolve();
    } else if (Date.now() - firstAt > SAME_PRESS_MS) {
      second.resolve();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
  // bootstrap.mjs, where it is a process of its own, went away.
  process.on('disconnect', request);
  // Whatever read the output has ended: writing to it fails from now on, which is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { first: first.promise, second: second.promise };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Errors of the launcher explain themselves; a stack helps only with those of the language.
  const explainsItself = error.constructor !== TypeError && error.constructor !== ReferenceError;
  return explainsItself ? error.message : (error.stack ?? error.message);
}
