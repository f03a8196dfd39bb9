import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as elapsed } from 'node:timers/promises';

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** Up this long, a worker is taken to be healthy and its next end begins a new count. */
const HEALTHY_AFTER = 30_000;

export type Kept = {
  readonly process: ChildProcess;
  /** Resolves when it is ready for the first time; rejects when it ends before that. */
  ready: Promise<void>;
  /** Asks it to stop and resolves when it has ended. */
  stop(): Promise<void>;
};

/** Milliseconds are those of the pause before it is started again. */
export type OnEnd = (process: ChildProcess, how: string, pause: number) => void;

/** Starts a process and, once it has been ready, another one whenever it has ended. */
export function keepRunning(start: () => ChildProcess, onEnd: OnEnd): Kept {
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  let process = start();

  const live = async () => {
    let ready = false;
    let failures = 0;
    for (;;) {
      const began = performance.now();
      process.on('message', message => {
        if (!(message as { ready?: true }).ready) return;
        ready = true;
        first.resolve();
      });
      const how = await ended(process);
      if (stopping.signal.aborted) return;
      if (!ready) return first.reject(new Error(`A worker ${how} before it was ready`));
      failures = performance.now() - began > HEALTHY_AFTER ? 1 : failures + 1;
      const pause = Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE);
      onEnd(process, how, pause);
      await elapsed(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      process = start();
    }
  };
  const over = live();

  return {
    get process() {
      return process;
    },
    ready: first.promise,
    async stop() {
      stopping.abort();
      process.kill('SIGTERM');
      await over;
    },
  };
}

async function ended(process: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(process, 'exit');
    return signal ? `was ended by ${signal}` : `ended with ${code}`;
  } catch (cause) {
    return `could not be started (${(cause as Error).message})`;
  }
}
