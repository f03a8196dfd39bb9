import { fork, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { freePort } from '@rivergate/testing';

export type Running = {
  url: string;
  /** Processor time used so far, in microseconds; NaN where the system does not tell. */
  cpu(): number;
  stop(): Promise<void>;
};

const pinning = spawnSync('taskset', ['--version']).status === 0 && cpus().length > 1;

/** Proxies get a core of their own; what stands around them shares another. */
export const cores: { proxy: number | null; around: number | null } = pinning
  ? { proxy: 1, around: 0 }
  : { proxy: null, around: null };

/** The command, bound to a core where that is possible. */
export function onCore(core: number | null, command: string, argumentsOf: string[]): [string, string[]] {
  return core === null ? [command, argumentsOf] : ['taskset', ['-c', String(core), command, ...argumentsOf]];
}

/** Binds a process that runs to a core, with all its threads. */
export function pin(pid: number, core: number | null): void {
  if (core !== null) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** Starts a TypeScript file as a process of its own; those that it starts share its core. */
export async function startProcess(
  file: string,
  argumentsOf: string[],
  env: NodeJS.ProcessEnv,
  core: number | null,
): Promise<Running & { pid: number }> {
  const port = env.PORT ?? String(await freePort());
  const [execPath, execArgv] = onCore(core, process.execPath, ['--disable-warning=ExperimentalWarning']);
  const child = fork(file, argumentsOf, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env, PORT: port },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execPath,
    execArgv,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', code => reject(new Error(`${file} ended with ${code} before it was ready`)));
  });
  return {
    pid: child.pid!,
    url: `http://127.0.0.1:${port}`,
    cpu: () => cpuTime(child.pid!),
    stop: async () => {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export type Program = {
  command: string;
  argumentsOf: string[];
  port: number;
  env?: NodeJS.ProcessEnv;
  /** What asks it to end. */
  signal: NodeJS.Signals;
  /** Of its own; it is removed when the program has ended. */
  folder: string;
  core: number | null;
};

/** Starts a server that is no Node process and waits until it answers. What it prints goes to standard error. */
export async function startProgram(program: Program): Promise<Running> {
  const { port, env, signal, folder, core } = program;
  const [command, argumentsOf] = onCore(core, program.command, program.argumentsOf);
  const child = spawn(command, argumentsOf, {
    env: { ...process.env, ...env },
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill(signal);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const failed = ended.then(() => Promise.reject(new Error(`${program.command} ended before it was ready`)));
  await Promise.race([untilAnswering(url), failed]).catch(async cause => {
    await stop();
    throw cause;
  });
  failed.catch(() => {});
  return { url, cpu: () => cpuTime(child.pid!), stop };
}

const CLOCK_TICK = 10_000;

/** Processor time of a process and its children in microseconds (proc(5), stat: utime and stime). */
export function cpuTime(pid: number): number {
  try {
    const fields = statOf(pid);
    const own = (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + cpuTime(Number(child)), own);
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds in which a program has to answer: a JVM on a busy core takes its time. */
const START_PATIENCE = 60_000;

/** Processor time of the children of this process that have ended, in microseconds (proc(5), stat: cutime, cstime). */
export function cpuTimeOfEnded(): number {
  try {
    const fields = statOf('self');
    return (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK;
  } catch {
    return Number.NaN;
  }
}

function statOf(pid: number | 'self'): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
}

/** Waits until something answers there, whatever it says. */
async function untilAnswering(url: string): Promise<void> {
  for (const end = Date.now() + START_PATIENCE; Date.now() < end; ) {
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
  throw new Error(`Nothing answers at ${url}`);
}
