import type { Binding } from '@rivergate/endpoint';
import pg from 'pg';

/** PostgreSQL's messages as pg writes them, see "Message Flow: Extended Query" in its manual. */
interface Connection {
  stream: { cork(): void; uncork(): void; destroy(cause: Error): void };
  parse(message: { name: string; text: string; types: number[] }): void;
  bind(message: { portal: string; statement: string; values: string[] }): void;
  execute(message: { portal: string; rows: number }): void;
}

type Done = (cause: Error | undefined, result: unknown) => void;

/** What pg's own types leave out of its queries. */
interface Query {
  name: string | undefined;
  queryMode: 'extended' | undefined;
  submit(connection: Connection): Error | null;
  handleError(cause: Error, connection: Connection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}
const Query = pg.Query as unknown as new (
  config: pg.QueryConfig<unknown[]>,
  values: undefined,
  done: Done,
) => Query;

const NAME = 'rivergate_binding';
const BINDING = `select set_config('transaction_read_only', 'on', true),
  set_config('rivergate.organization_id', $1, true),
  set_config('rivergate.user_id', $2, true),
  set_config('rivergate.scope', $3, true)`;

const prepared = new WeakSet<Connection>();

/**
 * A statement that only reads, sent in one message with what row-level security binds it to: all of it up to the Sync
 * is one transaction, which PostgreSQL ends by itself. Where the binding fails, the statement is not run at all.
 */
export class BoundQuery extends Query {
  readonly #values: string[];
  readonly #preparing: boolean;
  #isBinding = true;

  /** @param preparing whether the connection may keep prepared statements */
  constructor(config: pg.QueryConfig<unknown[]>, binding: Binding, preparing: boolean, done: Done) {
    super(config, undefined, done);
    this.queryMode = 'extended';
    this.#values = [String(binding.organizationId ?? ''), String(binding.userId ?? ''), binding.scope];
    this.#preparing = preparing;
  }

  override submit(connection: Connection): Error | null {
    const statement = this.#preparing ? NAME : '';
    connection.stream.cork();
    try {
      if (!prepared.has(connection)) {
        // pg takes the one confirmation of a Parse for that of its own statement, so only one of the two has a name.
        this.name = undefined;
        connection.parse({ name: statement, text: BINDING, types: [] });
      }
      connection.bind({ portal: '', statement, values: this.#values });
      connection.execute({ portal: '', rows: 0 });
      const flaw = super.submit(connection);
      // Without the statement there is no Sync either, and nothing would ever come back.
      if (flaw) connection.stream.destroy(flaw);
      return flaw;
    } finally {
      connection.stream.uncork();
    }
  }

  override handleError(cause: Error, connection: Connection): void {
    // Nothing is known of what the session keeps now: another connection takes its place.
    if (this.#isBinding) connection.stream.destroy(cause);
    super.handleError(cause, connection);
  }

  override handleDataRow(message: unknown): void {
    if (!this.#isBinding) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#isBinding && this.#preparing) prepared.add(connection);
    if (!this.#isBinding) super.handleCommandComplete(message, connection);
    this.#isBinding = false;
  }
}
