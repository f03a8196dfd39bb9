/**
 * node deploy/src/provision.ts
 *
 * Creates what the services need of PostgreSQL: the database, and a role with a schema for each service. Runs before
 * them, and again after a change of a password; it changes no data. Reads DATABASE_ADMIN_URL (a superuser's address
 * of the server), DATABASE_NAME (rivergate if not set) and a password for each role, such as
 * RIVERGATE_IDENTITY_PASSWORD.
 */
import { DATABASE_ROLES, provisionDatabase } from '@rivergate/service';
import { passwordVariable } from './environment.ts';

const { DATABASE_ADMIN_URL: adminUrl, DATABASE_NAME: database = 'rivergate' } = process.env;
const passwords = Object.fromEntries(
  DATABASE_ROLES.map(({ role }) => [role, process.env[passwordVariable(role)] ?? '']),
);
const missing = [
  ...(adminUrl ? [] : ['DATABASE_ADMIN_URL']),
  ...DATABASE_ROLES.filter(({ role }) => !passwords[role]).map(({ role }) => passwordVariable(role)),
];
if (missing.length > 0) {
  console.error(`Not set: ${missing.join(', ')}`);
  process.exit(1);
}
await provisionDatabase({ adminUrl: adminUrl!, database, passwords });
console.log(`The database ${database} has a role and a schema for each of ${DATABASE_ROLES.length} owners.`);
