import { randomUUID } from 'node:crypto';
import knexFactory, { type Knex } from 'knex';
import { Client } from 'pg';
import { AUDIT_OWNER, auditLogStatements } from '../audit-log-table.ts';
import { createEventTables } from '../tables.ts';

/** A database of its own for one test file, with a service's role and schema and the log's. */
export interface TestDatabase {
  /** Of the service `inventory`, whose role has the schema `inventory` on its search path. */
  url: string;
  /** Of the role `rivergate_events`' stand-in. */
  eventLogUrl: string;
  eventLogRole: string;
  /** Connected as the service's role. */
  knex: Knex;
  /** Runs SQL as superuser in this database. */
  admin(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

function adminUrl(): string {
  const url = process.env.TEST_DATABASE_ADMIN_URL;
  if (!url) throw new Error('TEST_DATABASE_ADMIN_URL is not set: run the tests with npm test');
  return url;
}

async function run(url: string, statements: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query(statements).finally(() => client.end());
}

/** @param admin URL of a superuser; `TEST_DATABASE_ADMIN_URL` if not given */
export async function testDatabase(admin: string = adminUrl()): Promise<TestDatabase> {
  const id = randomUUID().slice(0, 8);
  const [name, service, events] = [`events_${id}`, `inventory_${id}`, `event_log_${id}`];
  const within = (user?: string) => {
    const url = new URL(admin);
    url.pathname = `/${name}`;
    if (user) Object.assign(url, { username: user, password: 'test' });
    return url.href;
  };
  for (const role of [service, events]) await run(admin, `create role ${role} login password 'test'`);
  await run(
    admin,
    `do $$ begin create role ${AUDIT_OWNER} nologin; exception when duplicate_object or unique_violation then null; end $$`,
  );
  await run(admin, `create database ${name}`);
  await run(
    within(),
    `create schema inventory authorization ${AUDIT_OWNER};
     grant usage, create on schema inventory to ${service};
     ${auditLogStatements({ schema: 'inventory', writer: service })};
     alter role ${service} in database ${name} set search_path = inventory;
     create schema event_log authorization ${events};`,
  );
  const knex = knexFactory({ client: 'pg', connection: within(service), pool: { min: 0, max: 5 } });
  await createEventTables(knex);
  const superuser = new Client(within());
  await superuser.connect();
  return {
    url: within(service),
    eventLogUrl: within(events),
    eventLogRole: events,
    knex,
    admin: async (sql, values) => (await superuser.query(sql, values)).rows,
    async drop() {
      await knex.destroy();
      await superuser.end();
      await run(admin, `drop database ${name} with (force)`);
      await run(admin, `drop role ${service}, ${events}`);
    },
  };
}
