import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../processes/program.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';

export const ADMINISTRATOR = 'rivergate_admin';

const SETTINGS = [
  `--username=${ADMINISTRATOR}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

export type Cluster = {
  /** Its data directory: empty, and owned by `account` where there is one. */
  directory: string;
  account: Account | undefined;
  binaries: PostgresBinaries;
};

/** Names what a new cluster is made of: clusters of the same name are alike but for their password. */
export function clusterKind(): string {
  const hash = createHash('sha256').update(JSON.stringify(SETTINGS)).digest('hex').slice(0, 8);
  return `${postgresBinaries().version}-${hash}`;
}

/** Initialises a cluster (initdb), which takes seconds. */
export async function createCluster(
  { directory, account, binaries }: Cluster,
  { password, durable }: { password: string; durable: boolean },
): Promise<void> {
  const passwordFile = join(directory, '..', `.initdb-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  try {
    await run(join(binaries.directory, 'bin', 'initdb'), account, [
      ...SETTINGS,
      `--pgdata=${directory}`,
      `--pwfile=${passwordFile}`,
      ...(durable ? [] : ['--no-sync']),
    ]);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Copies a cluster that is not running. */
export async function copyCluster(from: string, { directory, account }: Cluster): Promise<void> {
  await run('cp', account, ['-R', '-p', `${from}/.`, directory]);
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
        : reject(new Error(`${command} could not create the database (code ${code}): ${errors.trim()}`)),
    );
  });
}
