import type { Connection } from './extended-query.ts';
import { LedQuery } from './led-query.ts';

/**
 * The last statement of a transaction, sent in one message with what leads it and with the COMMIT. Where one of them fails
 * PostgreSQL skips the rest, and the transaction is still to be rolled back.
 */
export class CommittingQuery extends LedQuery {
  #isCommit = false;

  override _getRows(connection: Connection): void {
    connection.execute({ portal: '', rows: 0 });
    // Without a name: pg takes the confirmation of a Parse for that of its own statement.
    connection.parse({ name: '', text: 'commit', types: [] });
    connection.bind({ portal: '', statement: '', values: [] });
    connection.execute({ portal: '', rows: 0 });
    connection.sync();
  }

  /** Of what leads it, of the statement itself, of the COMMIT. */
  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#isCommit) return;
    this.#isCommit = this.isLed;
    super.handleCommandComplete(message, connection);
  }
}
