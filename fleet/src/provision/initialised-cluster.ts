import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Progress } from '../console/progress.ts';
import { runnableBinaries } from './postgres.ts';
import { clusterKind, createCluster } from './postgres-cluster.ts';
import { databaseAccount, directoryFor, placeFor, removeDirectory } from './system-account.ts';

const PREFIX = 'initialised-postgresql-';
/** Lies in the data directory, so that cluster and password come into being in one step. */
const PASSWORD_FILE = 'rivergate-password';

/**
 * A new cluster to copy from, with its administrator's password: initdb takes seconds, a copy a tenth of one. It is
 * made once for each version of PostgreSQL and of the settings that clusters are initialised with.
 *
 * @param kept the directory that holds it
 */
export async function initialisedCluster(
  kept: string,
  progress: Progress,
): Promise<{ directory: string; password: string }> {
  const account = databaseAccount();
  const wanted = join(kept, `${PREFIX}${clusterKind()}`);
  const directory = placeFor(account, wanted);
  if (!existsSync(directory)) {
    await progress.step('initialising PostgreSQL, once', async () => {
      removeOthers(kept, wanted);
      const unfinished = `${wanted}.${process.pid}`;
      const binaries = runnableBinaries(account, progress);
      const made = directoryFor(account, unfinished, progress);
      const password = randomBytes(16).toString('hex');
      await createCluster({ directory: made, account, binaries }, { password, durable: false });
      writeFileSync(join(made, PASSWORD_FILE), password, { mode: 0o600 });
      if (account) chownSync(join(made, PASSWORD_FILE), account.uid, account.gid);
      try {
        renameSync(made, directory);
      } catch (error) {
        // Another run was first.
        rmSync(made, { recursive: true });
        if (!existsSync(directory)) throw error;
      }
    });
  }
  return { directory, password: readFileSync(join(directory, PASSWORD_FILE), 'utf8') };
}

/** Those of older versions. */
function removeOthers(kept: string, wanted: string) {
  for (const name of readdirSync(kept)) {
    if (name.startsWith(PREFIX) && !name.startsWith(basename(wanted))) removeDirectory(join(kept, name));
  }
}
