import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../console/progress.ts';
import { commandOf, isAlive } from '../processes/process-table.ts';
import type { Account, Program } from '../processes/program.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { ADMINISTRATOR, copyCluster, createCluster } from './postgres-cluster.ts';
import { databaseAccount, directoryFor, executableFor } from './system-account.ts';

export type PostgresOptions = {
  directory: string;
  port: number;
  password: string;
  /** False where the data is thrown away anyway: no fsync, no wait for the disk. */
  durable: boolean;
  maxConnections?: number;
  /** The data directory of an initialised cluster with this password: a new one is copied from it. */
  copyOf?: string;
  progress: Progress;
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
  const account = databaseAccount();
  const binaries = runnableBinaries(account, options.progress);
  const directory = directoryFor(account, options.directory, options.progress);
  const created = !existsSync(join(directory, 'PG_VERSION'));
  if (created) {
    // What a first start left when it was interrupted in the middle.
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
    const cluster = { directory, account, binaries };
    await (options.copyOf ? copyCluster(options.copyOf, cluster) : createCluster(cluster, options));
  } else {
    await clearStalePid(directory);
  }

  const adminUrl = `postgres://${ADMINISTRATOR}:${options.password}@127.0.0.1:${options.port}/postgres`;
  const program: Program = {
    name: 'postgresql',
    title: `PostgreSQL ${binaries.version}`,
    command: join(binaries.directory, 'bin', 'postgres'),
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

/** PostgreSQL where the account can run it. */
export function runnableBinaries(account: Account | undefined, progress: Progress): PostgresBinaries {
  const { version, directory } = postgresBinaries();
  return { version, directory: executableFor(account, directory, `postgresql-${version}`, progress) };
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
