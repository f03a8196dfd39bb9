import { createHash, randomBytes } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  cloneDatabase,
  connectDatabase,
  DATABASE_ROLES,
  databaseUrl,
  migrateService,
  provisionDatabase,
  roleOf,
  type ServiceDefinition,
} from '@rivergate/service';
import pg from 'pg';

export const ROLE_PASSWORD = 'only-for-tests';

/** What of a definition says how its schema looks. */
type Migrated = Pick<ServiceDefinition, 'name' | 'modules'>;

const CLONE = join(import.meta.dirname, '..', '..', '..');

/**
 * Creates a database that no other test has, in which these services find their tables. It is copied from a template,
 * which the first test that asks for it makes; to provision and migrate anew for each test file takes longer with every
 * migration that is written.
 *
 * @returns its name
 */
export async function databaseLike(adminUrl: string, services: readonly Migrated[]): Promise<string> {
  const { template, family } = nameOf(services);
  const database = `test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    // Whoever copies holds it shared and whoever makes holds it alone: nothing is dropped while it is being copied.
    const lock = (kind: '' | '_shared') =>
      admin.query(`select pg_advisory_lock${kind}(hashtextextended($1, 0))`, [family]);
    const unlock = () => admin.query('select pg_advisory_unlock_all()');
    await lock('_shared');
    while (!(await exists(admin, template))) {
      await unlock();
      await lock('');
      if (!(await exists(admin, template))) {
        await dropFamily(admin, family);
        await make(admin, adminUrl, template, services);
      }
      await unlock();
      await lock('_shared');
    }
    await cloneDatabase(adminUrl, template, database);
  } finally {
    await admin.end();
  }
  return database;
}

/**
 * The template's name changes with everything that its content could depend on: the services, and every source file
 * that is no test. `family` is what it begins with also for other versions of those files.
 */
function nameOf(services: readonly Migrated[]): { template: string; family: string } {
  const sources = globSync('{libs,services}/**/*.ts', {
    cwd: CLONE,
    exclude: path => path.endsWith('node_modules'),
  })
    .filter(file => !file.endsWith('.test.ts'))
    .toSorted()
    .map(file => [file, statSync(join(CLONE, file)).mtimeMs]);
  const schemas = services.map(({ name, modules }) => [
    name,
    modules.flatMap(({ migrations = [] }) =>
      migrations.map(migration => [migration.name, `${migration.up}`]),
    ),
  ]);
  const family = `template_${hash([CLONE, schemas])}`;
  return { family, template: `${family}_${hash(sources)}` };
}

const hash = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

async function exists(admin: pg.Client, database: string): Promise<boolean> {
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [database]);
  return rowCount === 1;
}

/** Removes templates of older sources, and one whose making was interrupted. */
async function dropFamily(admin: pg.Client, family: string): Promise<void> {
  const { rows } = await admin.query('select datname from pg_database where starts_with(datname, $1)', [
    family,
  ]);
  for (const { datname } of rows) {
    await admin.query(`drop database ${pg.escapeIdentifier(datname)} with (force)`);
  }
}

async function make(
  admin: pg.Client,
  adminUrl: string,
  template: string,
  services: readonly Migrated[],
): Promise<void> {
  const unfinished = `${template}_new`;
  const passwords = Object.fromEntries(DATABASE_ROLES.map(({ role }) => [role, ROLE_PASSWORD]));
  await provisionDatabase({ adminUrl, database: unfinished, passwords });
  await Promise.all(
    services.map(async service => {
      const role = { name: roleOf(service.name), password: ROLE_PASSWORD };
      const knex = connectDatabase(databaseUrl(adminUrl, unfinished, role), service.name, 2);
      await migrateService(service, knex).finally(() => knex.destroy());
    }),
  );
  // PostgreSQL copies a database only while nobody is connected to it: from here on nobody can be, autovacuum included.
  await admin.query(`alter database ${pg.escapeIdentifier(unfinished)} with allow_connections false`);
  await admin.query(
    `alter database ${pg.escapeIdentifier(unfinished)} rename to ${pg.escapeIdentifier(template)}`,
  );
}
