import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Guard } from './guard.ts';
import { type Log, logTo } from './log-file.ts';
import type { Program } from './program.ts';

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 30_000;
/** Up this long, a process is taken to be healthy and its next death begins a new count. */
const HEALTHY_AFTER_MS = 30_000;
const POLL_MS = 25;

export type Watcher = {
  /** The process ended without having been asked to; it is started again after `backoff` milliseconds. */
  died?: (program: Program, how: string, backoff: number) => void;
  /** It answers again after a death or a restart; `took` milliseconds since it was spawned. */
  back?: (program: Program, took: number) => void;
  /** A line of its log that a human should see. */
  trouble?: (program: Program, line: string) => void;
};

export type Supervised = {
  program: Program;
  readonly pid: number | undefined;
  /** Resolves when it is ready for the first time; rejects if it dies before that `attempts` times in a row. */
  ready: Promise<void>;
  /** Stops it and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
};

export type SupervisionOptions = { logDirectory: string; guard: Guard; watcher?: Watcher; attempts?: number };

/** Starts a program and keeps it running until told to stop. */
export function supervise(program: Program, options: SupervisionOptions): Supervised {
  const { guard, watcher = {}, attempts = 3 } = options;
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let log: Log | undefined;
  let hasBeenReady = false;
  let wanted = true;
  let replacing = false;
  const first = Promise.withResolvers<void>();
  // A caller that does not await `ready` must not end with an unhandled rejection.
  first.promise.catch(() => {});

  function launch(): ChildProcess {
    const started = spawn(program.command, program.args, {
      cwd: program.cwd,
      env: program.env,
      ...program.account,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that Ctrl-C reaches the launcher alone and things stop in order.
      detached: true,
    });
    if (started.pid) guard.watch(started.pid, program.stopSignal);
    const file = join(options.logDirectory, `${program.name}.log`);
    const outputs = { stdout: started.stdout!, stderr: started.stderr! };
    // What a process says while it is being stopped is in its log, not news.
    log = logTo(
      file,
      outputs,
      program.worthShowing ?? nothing,
      line => wanted && watcher.trouble?.(program, line),
    );
    return started;
  }

  async function live() {
    let failures = 0;
    while (wanted) {
      const began = Date.now();
      child = launch();
      const ended = endOf(child);
      const answered = await Promise.race([untilReady(program, stopping.signal), ended.then(() => false)]);
      if (answered) {
        if (hasBeenReady) watcher.back?.(program, Date.now() - began);
        hasBeenReady = true;
        first.resolve();
      }
      const how = await ended;
      if (child.pid) guard.forget(child.pid);
      if (!wanted) break;
      if (replacing) {
        replacing = false;
        continue;
      }
      failures = Date.now() - began > HEALTHY_AFTER_MS ? 1 : failures + 1;
      if (!hasBeenReady && failures >= attempts) {
        wanted = false;
        first.reject(new NeverReady(program, how, log));
        return;
      }
      const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
      watcher.died?.(program, how, backoff);
      await delay(backoff, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const over = live();

  async function end(process: ChildProcess | undefined) {
    if (!process || hasEnded(process)) return;
    process.kill(program.stopSignal);
    const late = setTimeout(() => process.kill('SIGKILL'), program.stopWithin);
    if (!hasEnded(process)) await once(process, 'exit');
    clearTimeout(late);
  }

  return {
    program,
    get pid() {
      return child && !hasEnded(child) ? child.pid : undefined;
    },
    ready: first.promise,
    async restart() {
      if (!wanted || !child || hasEnded(child)) return;
      replacing = true;
      await end(child);
    },
    async stop() {
      wanted = false;
      stopping.abort();
      await end(child);
      await over;
      first.reject(new Error(`${program.title} was stopped`));
    },
    kill() {
      wanted = false;
      stopping.abort();
      child?.kill('SIGKILL');
    },
  };
}

/** A program that died every time it was tried, with the end of its log. */
export class NeverReady extends Error {
  constructor(program: Program, how: string, log: Log | undefined) {
    const said = log?.lastLines().map(line => `\n      ${line}`) ?? [];
    super(`${program.title} ${how} before it was ready.${said.join('')}\n    The whole log: ${log?.file}`);
  }
}

async function untilReady(program: Program, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await program.ready().catch(() => false)) return true;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  });
}

const nothing = () => undefined;

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
