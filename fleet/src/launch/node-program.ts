import { errorsOfPino } from '../processes/log-file.ts';
import type { Program } from '../processes/program.ts';
import { isReady } from './probe.ts';
import { clone } from './roster.ts';

/** A process of the fleet that runs on this Node. */
export function nodeProgram(name: string, main: string, port: number, env: NodeJS.ProcessEnv): Program {
  return {
    name,
    title: name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', main],
    cwd: clone,
    env,
    ready: () => isReady(`http://127.0.0.1:${port}`),
    worthShowing: errorsOfPino,
    stopSignal: 'SIGTERM',
    stopWithin: 15_000,
  };
}
