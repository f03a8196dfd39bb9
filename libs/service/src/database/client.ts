import type { Binding } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import PostgresClient from 'knex/lib/dialects/postgres/index.js';
import pg from 'pg';
import { BoundQuery } from './bound-query.ts';
import type { NameOf } from './statement-names.ts';

/** A statement as knex compiled it. */
interface Statement {
  sql: string;
  bindings?: unknown[];
  options?: object;
  response?: unknown;
}

/**
 * knex's PostgreSQL dialect, which prepares statements and, where it has a binding, sends it with each of them.
 *
 * @param nameOf undefined where connections keep no prepared statements
 */
export function postgresClient(nameOf: NameOf | undefined): typeof PostgresClient {
  return class extends PostgresClient {
    /** Of those that read; see `reading`. */
    declare readonly binding?: Binding;

    override _query(connection: pg.Client, statement: Statement): Promise<object> {
      const { sql: text, bindings: values = [], options } = statement;
      const name = nameOf?.(text);
      return new Promise((resolve, reject) => {
        const done = (cause: Error | undefined, response: unknown) => {
          if (cause) return reject(cause);
          statement.response = response;
          resolve(statement);
        };
        const config = Object.assign({ text, values, name }, options);
        const query = this.binding
          ? new BoundQuery(config, this.binding, nameOf !== undefined, done)
          : new pg.Query(config, done);
        connection.query(query as pg.Submittable);
      });
    }

    override _stream(...given: Parameters<PostgresClient['_stream']>): Promise<unknown> {
      if (this.binding) throw new Error('What streams rows has to declare a transaction by `writes`');
      return super._stream(...given);
    }

    override transaction(container: unknown, config: unknown, outer: unknown): Knex.Transaction {
      if (this.binding) throw new Error('What opens a transaction of its own has to declare it by `writes`');
      return super.transaction(container, config, outer);
    }
  };
}

/** The parts of a knex instance from which another one can be made. */
interface Instance {
  context: { client: Knex.Client; queryBuilder(): Knex.QueryBuilder };
}

/**
 * The database for one request that only reads. There is no transaction to open and none to end: each statement takes
 * a connection and carries the binding with it, as it is when the statement is sent.
 */
export function reading(knex: Knex): Knex.Transaction {
  const { context } = knex as unknown as Instance;
  const binding: Binding = { organizationId: null, userId: null, scope: 'organization' };
  const client = Object.assign(Object.create(context.client), { binding });
  const own: Instance['context'] = Object.assign(Object.create(context), { client });
  const db = (table: string) => own.queryBuilder().table(table);
  return Object.assign(Object.setPrototypeOf(db, knex), { context: own });
}
