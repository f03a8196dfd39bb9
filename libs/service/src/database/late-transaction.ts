import type { Knex } from 'knex';
import PostgresTransaction from 'knex/lib/dialects/postgres/execution/pg-transaction.js';

/** Connections of transactions that PostgreSQL does not know of yet. */
const unbegun = new WeakSet<object>();

/**
 * Whether the connection's transaction has to begin with the statement that is about to be sent; whoever asks sees to it.
 */
export function mustBegin(connection: object): boolean {
  return unbegun.delete(connection);
}

/** What is written at the end of a transaction, in the order of being said. */
type Last = Knex.Raw[];

/**
 * A transaction that begins in one message with its first statement, and ends in one with the last of those that are left to
 * the end (`last` of its client). One that sends none costs nothing.
 */
export class LateTransaction extends PostgresTransaction {
  override begin(connection: object): Promise<unknown> {
    this.trxClient.last = [];
    if (this.isolationLevel || this.readOnly) return super.begin(connection);
    unbegun.add(connection);
    return Promise.resolve();
  }

  /** What was left to the end so far comes before what is written within. */
  override async savepoint(connection: object): Promise<unknown> {
    for (const statement of this.outerTx?.trxClient.last?.splice(0) ?? []) await statement;
    return super.savepoint(connection);
  }

  override async commit(connection: object, value: unknown): Promise<unknown> {
    const last: Last = this.trxClient.last!.splice(0);
    const statement = last.pop();
    for (const earlier of last) await earlier;
    const unbegun = mustBegin(connection);
    if (!statement && !unbegun) return super.commit(connection, value);
    // One statement is a transaction by itself.
    const query = statement && Object.assign(statement.toSQL(), { commits: !unbegun });
    const sent = query && this.trxClient.query(connection, query);
    this._completed = true;
    try {
      const response = await sent;
      if (query) this.trxClient.emit('query-response', response, query, statement);
    } catch (cause) {
      this._completed = false;
      throw cause;
    }
    return this._resolver(value);
  }

  override rollback(connection: object, cause: unknown): Promise<unknown> {
    if (!mustBegin(connection)) return super.rollback(connection, cause);
    this._completed = true;
    if (cause === undefined && this.doNotRejectOnRollback) this._resolver(undefined);
    else this._rejecter(cause ?? new Error('The transaction was rolled back'));
    return Promise.resolve();
  }
}
