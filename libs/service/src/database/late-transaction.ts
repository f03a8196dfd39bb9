import PostgresTransaction from 'knex/lib/dialects/postgres/execution/pg-transaction.js';

/** Connections of transactions that PostgreSQL does not know of yet. */
const unbegun = new WeakSet<object>();

/**
 * Whether the connection's transaction has to begin with the statement that is about to be sent; whoever asks sees to it.
 */
export function mustBegin(connection: object): boolean {
  return unbegun.delete(connection);
}

/**
 * A transaction that begins in one message with its first statement, and ends in one with all that was left to its end (`last`
 * of its client). What only prepares the next statement travels with it (`ahead`), and not at all where none follows. One that
 * sends nothing costs nothing.
 */
export class LateTransaction extends PostgresTransaction {
  override begin(connection: object): Promise<unknown> {
    this.trxClient.ahead = [];
    this.trxClient.last = [];
    if (this.isolationLevel || this.readOnly) return super.begin(connection);
    unbegun.add(connection);
    return Promise.resolve();
  }

  /** What was left to the end so far comes before what is written within. */
  override async savepoint(connection: object): Promise<unknown> {
    const outer = this.outerTx?.trxClient;
    for (const statement of outer?.last?.splice(0) ?? []) await statement;
    this.trxClient.ahead = outer?.ahead ?? [];
    return super.savepoint(connection);
  }

  override async commit(connection: object, value: unknown): Promise<unknown> {
    const last = this.trxClient.last!.splice(0);
    const statement = last.pop();
    // Each becomes a span of its own.
    if (this.trxClient.traced) for (const earlier of last.splice(0)) await earlier;
    const unbegun = mustBegin(connection);
    if (!statement) this.#sendNothingAhead();
    if (!statement && !unbegun) return super.commit(connection, value);
    // What is one message is a transaction by itself.
    const query =
      statement &&
      Object.assign(statement.toSQL(), { commits: !unbegun, ahead: last.map(one => one.toSQL()) });
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
    this.#sendNothingAhead();
    if (!mustBegin(connection)) return super.rollback(connection, cause);
    this._completed = true;
    if (cause === undefined && this.doNotRejectOnRollback) this._resolver(undefined);
    else this._rejecter(cause ?? new Error('The transaction was rolled back'));
    return Promise.resolve();
  }

  override rollbackTo(connection: object, cause: unknown): Promise<unknown> {
    this.#sendNothingAhead();
    return super.rollbackTo(connection, cause);
  }

  #sendNothingAhead(): void {
    this.trxClient.ahead?.splice(0);
  }
}
