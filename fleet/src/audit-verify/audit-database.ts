import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databaseUrl, roleOf } from '@rivergate/service/database';
import { postgresDirectory } from '../data-directory/data-directory.ts';
import { secretsOf } from '../data-directory/secrets.ts';
import { DATABASE } from '../launch/environment.ts';
import { databaseAccount, placeFor } from '../provision/system-account.ts';

/**
 * Where the audit log of organizations is: the one that the environment names, as a service has it or as provisioning has,
 * else that of the fleet that runs on this machine.
 *
 * @throws an Error that says what is missing
 */
export function auditDatabase(env: NodeJS.ProcessEnv, directory: string): string {
  const { DATABASE_URL, DATABASE_ADMIN_URL, DATABASE_NAME = DATABASE } = env;
  if (DATABASE_URL) return DATABASE_URL;
  if (DATABASE_ADMIN_URL) return databaseUrl(DATABASE_ADMIN_URL, DATABASE_NAME);
  const file = join(placeFor(databaseAccount(), postgresDirectory(directory)), 'postmaster.pid');
  const port = existsSync(file) ? readFileSync(file, 'utf8').split('\n')[3] : undefined;
  if (!port || !existsSync(join(directory, 'secrets.json')))
    throw new Error(
      `No fleet runs on ${directory}. Start it (npm start), or name the database: DATABASE_URL of organization, or DATABASE_ADMIN_URL.`,
    );
  const name = roleOf('organization');
  const password = secretsOf(directory, []).passwords[name] ?? '';
  return databaseUrl(`postgres://127.0.0.1:${port}`, DATABASE, { name, password });
}
