import type { Binding } from '@rivergate/endpoint';
import type pg from 'pg';
import { type Connection, Query } from './extended-query.ts';

/** A statement that is sent ahead of another one, and of which nothing but that it succeeded is of interest. */
export interface Lead {
  /** Under which connections prepare it. */
  name: string;
  text: string;
  values: string[];
}

/** Begins a transaction. */
export const BEGIN: Lead = { name: 'rivergate_begin', text: 'begin', values: [] };

const BINDING = `select set_config('transaction_read_only', 'on', true),
  set_config('rivergate.organization_id', $1, true),
  set_config('rivergate.user_id', $2, true),
  set_config('rivergate.scope', $3, true)`;

/** Binds what only reads, as row-level security wants it. */
export function bindingLead({ organizationId, userId, scope }: Binding): Lead {
  const values = [String(organizationId ?? ''), String(userId ?? ''), scope];
  return { name: 'rivergate_binding', text: BINDING, values };
}

/** What connections keep of leads. */
const prepared = new WeakMap<Connection, Set<string>>();

const keeps = (connection: Connection, { name }: Lead) => prepared.get(connection)?.has(name) === true;

function keep(connection: Connection, { name }: Lead): void {
  const names = prepared.get(connection);
  if (names) names.add(name);
  else prepared.set(connection, new Set([name]));
}

/**
 * A statement, sent in one message with what leads it: all of it up to the Sync is one transaction, which PostgreSQL ends
 * by itself unless the lead begins one to stay. Where the lead fails, the statement is not run at all.
 */
export class LedQuery extends Query {
  readonly #lead: Lead;
  readonly #preparing: boolean;
  #isLead = true;

  /** @param preparing whether the connection may keep prepared statements */
  constructor(config: pg.QueryConfig<unknown[]>, lead: Lead, preparing: boolean) {
    super(config);
    this.queryMode = 'extended';
    this.#lead = lead;
    this.#preparing = preparing;
  }

  /** Whether the connection is known to keep it, and what leads it, as prepared statements. */
  isPreparedOn(connection: Connection): boolean {
    return (
      this.name !== undefined && this.name in connection.parsedStatements && keeps(connection, this.#lead)
    );
  }

  override submit(connection: Connection): Error | null {
    const { name, text, values } = this.#lead;
    const statement = this.#preparing ? name : '';
    connection.stream.cork();
    try {
      if (!keeps(connection, this.#lead)) {
        // pg takes the one confirmation of a Parse for that of its own statement, so only one of the two has a name.
        this.name = undefined;
        connection.parse({ name: statement, text, types: [] });
      }
      connection.bind({ portal: '', statement, values });
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
    if (this.#isLead) connection.stream.destroy(cause);
    super.handleError(cause, connection);
  }

  override handleDataRow(message: unknown): void {
    if (!this.#isLead) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#isLead && this.#preparing) keep(connection, this.#lead);
    if (!this.#isLead) super.handleCommandComplete(message, connection);
    this.#isLead = false;
  }
}
