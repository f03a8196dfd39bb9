import { spawn } from 'node:child_process';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandOf, isAlive } from '../processes/process-table.ts';
import type { Account, Program } from '../processes/program.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { directoryFor, executableFor, unprivilegedAccount } from './system-account.ts';

export const ADMINISTRATOR = 'rivergate_admin';

export type PostgresOptions = {
  directory: string;
  port: number;
  password: string;
  /** False where the data is thrown away anyway: no fsync, no wait for the disk. */
  durable: boolean;
  maxConnections?: number;
};

export type PreparedPostgres = {
  program: Program;
  adminUrl: string;
  /** Where the data lies: `directory`, unless the account of the database cannot reach that. */
  directory: string;
  /** True when the cluster was created just now. */
  created: boolean;
};

/** Makes a cluster if there is none and says how to run it. The caller holds the lock on the data directory. */
export async function preparePostgres(options: PostgresOptions): Promise<PreparedPostgres> {
  const binaries = postgresBinaries();
  const account = unprivilegedAccount();
  const native = executableFor(account, binaries.directory, `postgresql-${binaries.version}`);
  const directory = directoryFor(account, options.directory);
  const created = !existsSync(join(directory, 'PG_VERSION'));
  if (created) await initialize(native, directory, account, options);
  else await clearStalePid(directory);

  const adminUrl = `postgres://${ADMINISTRATOR}:${options.password}@127.0.0.1:${options.port}/postgres`;
  const program: Program = {
    name: 'postgresql',
    title: `PostgreSQL ${binaries.version}`,
    command: join(native, 'bin', 'postgres'),
    args: ['-D', directory, '-p', String(options.port), ...settings(options)],
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    cwd: '/',
    account,
    ready: () => accepts(adminUrl),
    // Refusing clients while it starts or stops is no trouble.
    worthShowing: line => /\b(FATAL|PANIC): +(?!\s|the database system is|terminating).*/.exec(line)?.[0],
    // "Fast" shutdown: ends the sessions and writes everything down.
    stopSignal: 'SIGINT',
    stopWithin: 20_000,
  };
  return { program, adminUrl, directory, created };
}

function settings({ durable, maxConnections = 300 }: PostgresOptions): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '64MB',
    jit: 'off',
    // No pool of I/O workers: this database serves one machine.
    io_method: 'sync',
    log_timezone: 'UTC',
    timezone: 'UTC',
    log_min_messages: 'warning',
    // Values of statements (tokens, addresses) stay out of the log.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(durable
      ? {}
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '10min' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialize(
  native: string,
  directory: string,
  account: Account | undefined,
  options: PostgresOptions,
) {
  // What a first start left when it was interrupted in the middle.
  rmSync(directory, { recursive: true, force: true });
  directoryFor(account, options.directory);
  const passwordFile = join(directory, '..', `.initdb-${process.pid}`);
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  try {
    await run(join(native, 'bin', 'initdb'), account, [
      `--pgdata=${directory}`,
      `--username=${ADMINISTRATOR}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(options.durable ? [] : ['--no-sync']),
    ]);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function run(command: string, account: Account | undefined, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, LC_ALL: 'C' };
    const child = spawn(command, args, { ...account, cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', chunk => {
      errors += chunk;
    });
    child.once('error', reject);
    child.once('close', code =>
      code === 0
        ? resolve()
        : reject(new Error(`initdb could not create the database (code ${code}): ${errors.trim()}`)),
    );
  });
}

/**
 * A launcher that was killed leaves postmaster.pid. PostgreSQL clears it itself unless the number in it belongs to
 * somebody again: then the file goes if that is no postgres, and if it is one, its guard is stopping it right now.
 */
async function clearStalePid(directory: string) {
  const file = join(directory, 'postmaster.pid');
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 0;
  if (!(pid > 0) || !isAlive(pid)) return;
  if (!commandOf(pid)?.includes(directory)) {
    rmSync(file, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + 15_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline)
      throw new Error(
        `An old PostgreSQL (pid ${pid}) on ${directory} does not stop. End it and start again.`,
      );
    await delay(50);
  }
}

async function accepts(url: string): Promise<boolean> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
