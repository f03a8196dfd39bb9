import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './executable.ts';

const run = promisify(execFile);

/** A language that clients of the API are compiled in: the path of its program, or why there is none. */
export type Language = { value: string; reason?: undefined } | { value?: undefined; reason: string };

/** Go that can take the tools of a module: 1.25 or later. */
export async function go(): Promise<Language> {
  const program = onPath('go');
  if (!program) return { reason: 'no go on the PATH (https://go.dev/dl/)' };
  const { stdout } = await run(program, ['env', 'GOVERSION']);
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  return Number(major) > 1 || Number(minor) >= 25
    ? { value: program }
    : { reason: `${stdout.trim()} is on the PATH, and it takes 1.25 or later (https://go.dev/dl/)` };
}

/** Python that can make virtual environments: 3.11 or later. */
export async function python(): Promise<Language> {
  const program = onPath('python3');
  if (!program) return { reason: 'no python3 on the PATH (Debian: apt-get install python3 python3-venv)' };
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
  return await run(program, ['-c', check]).then(
    () => ({ value: program }),
    () => ({ reason: 'python3 is older than 3.11 or has no venv (Debian: apt-get install python3-venv)' }),
  );
}
