import { type Connection, Query } from './extended-query.ts';

/**
 * The last statement of a transaction, sent in one message with the COMMIT. Where it fails PostgreSQL skips that, and the
 * transaction is still to be rolled back.
 */
export class CommittingQuery extends Query {
  #isCommit = false;
  // Also without parameters: the COMMIT is sent behind its Execute.
  override queryMode = 'extended' as const;

  override _getRows(connection: Connection): void {
    connection.execute({ portal: '', rows: 0 });
    // Without a name: pg takes the confirmation of a Parse for that of its own statement.
    connection.parse({ name: '', text: 'commit', types: [] });
    connection.bind({ portal: '', statement: '', values: [] });
    connection.execute({ portal: '', rows: 0 });
    connection.sync();
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (!this.#isCommit) super.handleCommandComplete(message, connection);
    this.#isCommit = true;
  }
}
