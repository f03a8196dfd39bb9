import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether a process runs. What has ended and was reaped by nobody yet (some containers never do) does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(proc(pid, 'stat') ?? '');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, or undefined when there is none. */
export function commandOf(pid: number): string | undefined {
  // Slim images have no `ps`, so on Linux the kernel is asked directly.
  if (process.platform !== 'linux') return ps(pid, 'command=');
  return proc(pid, 'cmdline')?.replaceAll('\0', ' ').trim();
}

/** When a process began: with the pid it names a process even after the number is used again. */
export function beginningOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart=');
  // Field 22 of stat, in clock ticks since boot; the name in field 2 may hold blanks and parentheses.
  return proc(pid, 'stat')?.replace(/^.*\)/s, '').trim().split(' ')[19];
}

function proc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', column, '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
  });
  return status === 0 && stdout.trim() ? stdout.trim() : undefined;
}
