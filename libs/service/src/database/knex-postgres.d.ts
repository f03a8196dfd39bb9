/** knex's own PostgreSQL dialect, which has no types, as far as a subclass of it needs them. */
declare module 'knex/lib/dialects/postgres/index.js' {
  import { Knex } from 'knex';

  export default class PostgresClient extends Knex.Client {
    _query(connection: unknown, query: object): Promise<object>;
    _stream(connection: unknown, query: object, stream: unknown, options: unknown): Promise<unknown>;
  }
}
