import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeDirectory } from '../provision/system-account.ts';

const MARK = 'rivergate-data';

/** Makes the directory, and marks it as Rivergate's so that `--reset` can never wipe anything else. */
export function openDataDirectory(directory: string) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, MARK),
    'Data of a Rivergate fleet: npm start -- --reset wipes this directory.\n',
  );
}

/** Wipes what a fleet keeps. The launcher holds the lock on the directory, so it is not in use. */
export function wipe(directory: string) {
  refuseForeign(directory);
  removeDirectory(postgresDirectory(directory));
  for (const name of readdirSync(directory)) {
    if (name !== 'launcher.lock') rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** Throws when the directory holds something, and that is not a fleet's. */
export function refuseForeign(directory: string) {
  if (!existsSync(directory) || existsSync(join(directory, MARK))) return;
  if (readdirSync(directory).every(name => name === 'launcher.lock')) return;
  throw new Error(`${directory} is not empty and was not made by Rivergate: choose another --data-dir.`);
}

export const postgresDirectory = (directory: string) => join(directory, 'postgres');
export const redisDirectory = (directory: string) => join(directory, 'redis');
export const mailboxDirectory = (directory: string) => join(directory, 'mailbox');
export const logDirectory = (directory: string) => join(directory, 'logs');
