import type { Binding } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import PostgresClient, { type Runner, type Statement } from 'knex/lib/dialects/postgres/index.js';
import type pg from 'pg';
import { CommittingQuery } from './committing-query.ts';
import { Query } from './extended-query.ts';
import { LateTransaction, mustBegin } from './late-transaction.ts';
import { BEGIN, bindingLead, type Lead, LedQuery } from './led-query.ts';
import { readPipeline, type SendRead } from './read-pipeline.ts';
import { isPlanned, type NameOf } from './statement-names.ts';

/** Texts of which it is remembered at most how their parameters are numbered. */
const MAX_TEXTS = 1_000;

export interface DialectOptions {
  /** Undefined where connections keep no prepared statements. */
  nameOf?: NameOf | undefined;
  /** Connections of the pool that reads share. */
  readConnections: number;
  /** Whether somebody listens to what knex tells of each statement. */
  traced: boolean;
}

/** knex's PostgreSQL dialect, which prepares statements and, where it has a binding, sends it with each of them. */
export function postgresClient({ nameOf, readConnections, traced }: DialectOptions): typeof PostgresClient {
  const numbered = new Map<string, string>();
  const preparing = nameOf !== undefined;

  return class extends PostgresClient {
    /** Of those that read; see `reading`. */
    declare readonly binding?: Binding;
    /** Of a transaction: what travels with its next statement. */
    declare ahead?: (Knex.Raw | Knex.QueryBuilder)[];
    readonly sendRead: SendRead = readPipeline(this as never, readConnections);

    get traced(): boolean {
      return traced;
    }

    override positionBindings(sql: string): string {
      const known = numbered.get(sql);
      if (known !== undefined) return known;
      const text = super.positionBindings(sql)!;
      if (numbered.size >= MAX_TEXTS) numbered.clear();
      numbered.set(sql, text);
      return text;
    }

    override runner(builder: unknown): Runner {
      const runner = super.runner(builder);
      const { binding } = this;
      if (!binding || traced) return runner;
      const run = runner.run;
      return Object.assign(runner, { run: () => this.read(runner, binding) ?? run.call(runner) });
    }

    /** Sends one statement with others. Undefined for what needs a connection of its own. */
    private read(runner: Runner, binding: Binding): Promise<unknown> | undefined {
      const statement = runner.builder.toSQL();
      if (Array.isArray(statement) || statement.timeout) return undefined;
      statement.bindings = this.prepBindings(statement.bindings ?? []);
      statement.sql = this.positionBindings(statement.sql);
      return new Promise((resolve, reject) => {
        const query = new LedQuery(configOf(statement, nameOf), [bindingLead(binding)], preparing);
        this.sendRead(query, (cause, response) => {
          if (cause) return reject(cause);
          resolve(this.processResponse({ ...statement, response }, runner));
        });
      });
    }

    override async _query(connection: pg.Client, statement: Statement): Promise<object> {
      const config = configOf(statement, nameOf);
      const leads = this.binding ? [bindingLead(this.binding)] : this.leads(connection);
      // Several statements, and such as take no parameters, are sent in another way.
      if (!isPlanned(config.text)) await alone(connection, leads.splice(0));
      leads.push(...(statement.ahead ?? []).map(ahead => this.lead(ahead)));
      return new Promise((resolve, reject) => {
        const query = statement.commits
          ? new CommittingQuery(config, leads, preparing)
          : leads.length > 0
            ? new LedQuery(config, leads, preparing)
            : new Query(config);
        query.callback = (cause, response) => {
          if (cause) return reject(cause);
          resolve(Object.assign(statement, { response }));
        };
        connection.query(query as unknown as pg.Submittable);
      });
    }

    /** What has to be sent ahead of the next statement of a connection. */
    private leads(connection: pg.Client): Lead[] {
      const ahead = (this.ahead?.splice(0) ?? []).map(statement => this.lead(statement.toSQL()));
      return mustBegin(connection) ? [BEGIN, ...ahead] : ahead;
    }

    private lead({ sql, bindings }: Statement | Knex.Sql): Lead {
      const text = this.positionBindings(sql);
      return { name: nameOf?.(text), text, values: this.prepBindings([...(bindings ?? [])]) };
    }

    override async _stream(...given: Parameters<PostgresClient['_stream']>): Promise<unknown> {
      if (this.binding) throw new Error('What streams rows has to declare a transaction by `writes`');
      const [connection] = given;
      await alone(connection, this.leads(connection));
      return super._stream(...given);
    }

    override transaction(container: unknown, config: unknown, outer: unknown): Knex.Transaction {
      if (this.binding) throw new Error('What opens a transaction of its own has to declare it by `writes`');
      return new LateTransaction(this, container, config, outer) as unknown as Knex.Transaction;
    }
  };
}

async function alone(connection: pg.Client, leads: readonly Lead[]): Promise<void> {
  await Promise.all(leads.map(({ text, values }) => connection.query(text, values)));
}

function configOf({ sql: text, bindings: values = [], options }: Statement, nameOf: NameOf | undefined) {
  return Object.assign({ text, values, name: nameOf?.(text) }, options);
}

/** The parts of a knex instance from which another one can be made. */
interface Instance {
  context: { client: Knex.Client; queryBuilder(): Knex.QueryBuilder };
}

/**
 * The database for one request that only reads. There is no transaction to open and none to end: each statement carries
 * the binding with it, as it is when the statement is sent.
 */
export function reading(knex: Knex): Knex.Transaction {
  const { context } = knex as unknown as Instance;
  const binding: Binding = { organizationId: null, userId: null, scope: 'organization' };
  const client = Object.assign(Object.create(context.client), { binding });
  const own: Instance['context'] = Object.assign(Object.create(context), { client });
  const db = (table: string) => own.queryBuilder().table(table);
  return Object.assign(Object.setPrototypeOf(db, knex), { context: own });
}
