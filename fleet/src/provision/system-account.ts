import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Progress } from '../console/progress.ts';
import type { Account } from '../processes/program.ts';
import { announceSystemChange } from './system-change.ts';

/** Where a root user's data and binaries go when the account PostgreSQL must run under cannot reach theirs. */
const SHARED = '/var/lib/rivergate';
const INSTEAD =
  'Start Rivergate as a user without root, move the clone to where others may pass through, ' +
  'or set DATABASE_ADMIN_URL to a PostgreSQL of your own.';

/** PostgreSQL refuses to run as root, so root gives it an account without rights: `postgres`, else `nobody`. */
export function databaseAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const account = accountOf('postgres') ?? accountOf('nobody');
  if (account) return account;
  throw new Error(
    'PostgreSQL does not run as root, and this machine has no account "postgres" or "nobody" to run it under. ' +
      'Start Rivergate as another user, or set DATABASE_ADMIN_URL to a PostgreSQL of your own.',
  );
}

/** A directory only this account reads and writes: the one asked for, or one under /var/lib where it cannot get there. */
export function directoryFor(account: Account | undefined, directory: string, progress: Progress): string {
  const wanted = resolve(directory);
  const place = placeFor(account, wanted);
  if (place !== wanted && !existsSync(place)) openShared(progress, `the database goes to ${place}`);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  if (account) chownSync(place, account.uid, account.gid);
  return place;
}

/** Where `directoryFor` makes this directory. */
export function placeFor(account: Account | undefined, directory: string): string {
  const wanted = resolve(directory);
  if (!account) return wanted;
  mkdirSync(dirname(wanted), { recursive: true });
  return canReach(account, dirname(wanted)) ? wanted : elsewhere(wanted);
}

/** Removes a directory made by `directoryFor`. */
export function removeDirectory(directory: string): void {
  for (const place of [elsewhere(directory), directory]) {
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
}

function elsewhere(directory: string): string {
  return join(SHARED, createHash('sha256').update(resolve(directory)).digest('hex').slice(0, 16));
}

/** The same files where this account can run them: in place, or copied once under /var/lib. */
export function executableFor(
  account: Account | undefined,
  directory: string,
  name: string,
  progress: Progress,
): string {
  if (!account || canReach(account, directory, 'bin/postgres')) return directory;
  const copy = join(SHARED, name);
  if (canReach(account, copy, 'bin/postgres')) return copy;
  openShared(progress, `PostgreSQL is copied to ${copy}`);
  const unfinished = `${copy}.${process.pid}`;
  for (const [command, ...args] of [
    ['cp', '-R', directory, unfinished],
    ['chmod', '-R', 'u+rwX,go+rX,go-w', unfinished],
  ] as const) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Could not copy PostgreSQL to ${copy}: ${stderr.trim()}`);
  }
  if (existsSync(copy)) rmSync(copy, { recursive: true });
  renameSync(unfinished, copy);
  return copy;
}

/** Everyone may pass through it, whatever the umask says; what is in it is closed. */
function openShared(progress: Progress, what: string) {
  announceSystemChange(progress, `${what}, since its account may not enter the clone`, INSTEAD);
  mkdirSync(SHARED, { recursive: true });
  chmodSync(SHARED, 0o755);
}

function canReach(account: Account, directory: string, file = ''): boolean {
  return spawnSync('test', ['-x', join(directory, file)], { ...account, cwd: '/' }).status === 0;
}

function accountOf(name: string): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map(flag => spawnSync('id', [flag, name], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
