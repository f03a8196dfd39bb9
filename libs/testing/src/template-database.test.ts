import { randomBytes } from 'node:crypto';
import { connectDatabase, databaseUrl, type Migration, roleOf } from '@rivergate/service';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { databaseLike, ROLE_PASSWORD } from './template-database.ts';

const adminUrl = process.env.TEST_DATABASE_ADMIN_URL!;
const made: string[] = [];
const ids = Array.from({ length: 10 }, (_, index) => index);

/** A service with one table; each has a template of its own. */
function serviceWith(table: string) {
  const migration: Migration = {
    name: `0001_${table}`,
    up: knex => knex.schema.createTable(table, columns => void columns.integer('id').primary()),
  };
  return { name: 'policy' as const, modules: [{ migrations: [migration] }] };
}

async function like(...services: Parameters<typeof databaseLike>[1]): Promise<string> {
  const database = await databaseLike(adminUrl, services);
  made.push(database);
  return database;
}

function as(service: string, database: string) {
  const role = { name: roleOf(service), password: ROLE_PASSWORD };
  return connectDatabase(databaseUrl(adminUrl, database, role), service, 2);
}

afterEach(async () => {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  for (const database of made.splice(0)) await admin.query(`drop database ${database} with (force)`);
  await admin.end();
});

describe('a database for a test file', () => {
  it('is one of its own for each of ten that ask at once for what nobody asked for before', async () => {
    const table = `rule_${randomBytes(4).toString('hex')}`;
    const databases = await Promise.all(ids.map(() => like(serviceWith(table))));
    expect(new Set(databases).size).toBe(ids.length);
    for (const database of databases) {
      const knex = as('policy', database);
      expect(await knex(table)).toEqual([]);
      await knex(table).insert({ id: 1 });
      await knex.destroy();
    }
  });

  it('has the tables of the migrations as they stand now', async () => {
    const [before, after] = ['rule', 'rule_too'].map(serviceWith);
    for (const [service, table] of [
      [before!, 'rule'],
      [after!, 'rule_too'],
    ] as const) {
      const knex = as('policy', await like(service));
      expect(await knex('migrations').pluck('name')).toEqual(['0000_base', `0001_${table}`]);
      await knex.destroy();
    }
  });

  it('gives a service no right on the schema of another, like one that was provisioned', async () => {
    const database = await like(serviceWith('rule'));
    const stranger = as('storage', database);
    await expect(stranger.raw('select * from policy.rule')).rejects.toThrow(
      'permission denied for schema policy',
    );
    await stranger.destroy();
    const client = new pg.Client({ connectionString: databaseUrl(adminUrl, database) });
    await client.connect();
    const { rows } = await client.query(
      "select has_database_privilege('public', current_database(), 'connect') as open",
    );
    await client.end();
    expect(rows).toEqual([{ open: false }]);
  });
});
