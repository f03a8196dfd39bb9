/** knex's own PostgreSQL dialect, which has no types, as far as a subclass of it needs them. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import { Knex } from 'knex';
  import pg from 'pg';

  /** A statement as knex compiled it. */
  export interface Statement {
    sql: string;
    bindings?: unknown[];
    options?: object;
    timeout?: number | false;
    /** What is sent ahead of it, in one message with it. */
    ahead?: (Statement | Knex.Sql)[];
    /** Whether the transaction ends with it. */
    commits?: boolean;
    response?: unknown;
  }

  /** What carries a builder's statements out. */
  export interface Runner {
    builder: { toSQL(): Statement | Statement[] };
    run(): Promise<unknown>;
  }

  export default class PostgresClient extends Knex.Client {
    runner(builder: unknown): Runner;
    _query(connection: pg.Client, statement: Statement): Promise<object>;
    _stream(connection: pg.Client, query: object, stream: unknown, options: unknown): Promise<unknown>;
    processResponse(statement: Statement, runner: Runner): unknown;
  }
}

/** knex's transactions on PostgreSQL, as far as a subclass of them needs them. */
declare module 'knex/lib/dialects/postgres/execution/pg-transaction.js' {
  import { Knex } from 'knex';

  export default class PostgresTransaction {
    constructor(client: object, container: unknown, config: unknown, outer: unknown);
    isolationLevel?: string;
    readOnly?: boolean;
    doNotRejectOnRollback?: boolean;
    /** The client of what is sent within. */
    trxClient: Pick<Knex.Client, 'emit'> & {
      query(connection: object, statement: object): Promise<unknown>;
      ahead?: (Knex.Raw | Knex.QueryBuilder)[];
      last?: (Knex.Raw | Knex.QueryBuilder)[];
      /** Whether each statement becomes a span. */
      traced: boolean;
    };
    outerTx: PostgresTransaction | null;
    _completed: boolean;
    _resolver: (value: unknown) => void;
    _rejecter: (cause: unknown) => void;
    begin(connection: object): Promise<unknown>;
    savepoint(connection: object): Promise<unknown>;
    commit(connection: object, value: unknown): Promise<unknown>;
    rollback(connection: object, cause: unknown): Promise<unknown>;
    rollbackTo(connection: object, cause: unknown): Promise<unknown>;
  }
}
