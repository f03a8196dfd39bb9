import { errorsOfPino } from '../processes/log-file.ts';
import type { Program } from '../processes/program.ts';
import { isReady } from './probe.ts';
import { clone } from './roster.ts';

/**
 * Mebibytes of each half of V8's young generation, 16 by default: most of the memory of an idle process. With 4 the
 * fleet carries as many requests in less; with 1 it carries a quarter fewer.
 */
const YOUNG_GENERATION = '--max-semi-space-size=4';

/** A process of the fleet that runs on this Node. */
export function nodeProgram(name: string, main: string, port: number, env: NodeJS.ProcessEnv): Program {
  return {
    name,
    title: name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', YOUNG_GENERATION, main],
    cwd: clone,
    env,
    ready: () => isReady(`http://127.0.0.1:${port}`),
    worthShowing: errorsOfPino,
    stopSignal: 'SIGTERM',
    stopWithin: 15_000,
  };
}
