import { randomBytes } from 'node:crypto';
import { generateInternalKeys } from '@rivergate/caller';
import { ownRedisDatabase } from '@rivergate/caller/test-redis';
import { databaseUrl, EVENT_LOG_ROLE, roleOf, SERVICES, type ServiceDefinition } from '@rivergate/service';
import pg from 'pg';
import { databaseLike, ROLE_PASSWORD as PASSWORD } from './template-database.ts';

/** A database, a Redis database and keys that no other test uses. */
export interface TestEnvironment {
  /** The environment of one process of the fleet: a service's name, or `gateway`. */
  of(name: string): NodeJS.ProcessEnv;
  /** Variables that every process started from now on gets as well. */
  set(variables: NodeJS.ProcessEnv): void;
  /** Superuser's address of this test's database. */
  databaseAdminUrl: string;
  redisUrl: string;
  /** Drops the database. */
  remove(): Promise<void>;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(
      `${name} is not set: run the tests by "npm test", or "npm test -- path/of.test.ts" for some`,
    );
  return value;
}

/**
 * Makes everything that the launcher would, for one test file.
 *
 * @param services those whose tables are there already; another migrates its schema when it boots
 */
export async function testEnvironment(
  services: readonly Pick<ServiceDefinition, 'name' | 'modules'>[] = [],
): Promise<TestEnvironment> {
  const adminUrl = required('TEST_DATABASE_ADMIN_URL');
  const redisUrl = await ownRedisDatabase(required('TEST_REDIS_URL'));
  const database = await databaseLike(adminUrl, services);

  const names = ['gateway', ...SERVICES.map(({ name }) => name)];
  const keys = generateInternalKeys(names);
  const shared: NodeJS.ProcessEnv = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_URL: 'http://rivergate.test',
    REDIS_URL: redisUrl,
    EVENT_LOG_URL: databaseUrl(adminUrl, database, { name: EVENT_LOG_ROLE, password: PASSWORD }),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    INTERNAL_JWKS: keys.INTERNAL_JWKS,
    MAIL_FROM: 'Rivergate <no-reply@rivergate.test>',
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
  };
  return {
    of: name => ({
      ...shared,
      INTERNAL_KEY: keys.INTERNAL_KEY[name],
      ...(name === 'gateway'
        ? {}
        : { DATABASE_URL: databaseUrl(adminUrl, database, { name: roleOf(name), password: PASSWORD }) }),
    }),
    set: variables => Object.assign(shared, variables),
    databaseAdminUrl: databaseUrl(adminUrl, database),
    redisUrl,
    async remove() {
      const client = new pg.Client({ connectionString: adminUrl });
      await client.connect();
      await client.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
      await client.end();
    },
  };
}
