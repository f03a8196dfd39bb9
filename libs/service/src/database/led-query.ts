import type { Binding } from '@rivergate/endpoint';
import type pg from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { type Connection, Query } from './extended-query.ts';

/** A statement that is sent ahead of another one, and of which nothing but that it succeeded is of interest. */
export interface Lead {
  /** Under which connections prepare it; undefined where they do not. */
  name: string | undefined;
  text: string;
  values: unknown[];
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

const keeps = ({ parsedStatements }: Connection, { name, text }: Lead) =>
  name !== undefined && parsedStatements[name] === text;

/** `invalid_sql_statement_name`: the session has forgotten what it prepared. */
const FORGOTTEN = '26000';

/**
 * A statement, sent in one message with those that lead it: all of it up to the Sync is one transaction, which PostgreSQL ends
 * by itself unless a lead begins one to stay. Where a lead fails, what follows is not run at all, and its error is that of
 * the statement.
 */
export class LedQuery extends Query {
  readonly #leads: readonly Lead[];
  readonly #preparing: boolean;
  /** Names under which this message prepares leads. */
  readonly #preparedNow: string[] = [];
  #completed = 0;

  /** @param preparing whether the connection may keep prepared statements */
  constructor(config: pg.QueryConfig<unknown[]>, leads: readonly Lead[], preparing: boolean) {
    super(config);
    this.queryMode = 'extended';
    this.#leads = leads;
    this.#preparing = preparing;
  }

  /** Whether the connection is known to keep it, and what leads it, as prepared statements. */
  isPreparedOn(connection: Connection): boolean {
    return (
      this.name !== undefined &&
      this.name in connection.parsedStatements &&
      this.#leads.every(lead => keeps(connection, lead))
    );
  }

  override submit(connection: Connection): Error | null {
    let values: unknown[][];
    try {
      values = this.#leads.map(lead => lead.values.map(value => prepareValue(value)));
    } catch (cause) {
      return cause as Error;
    }
    connection.stream.cork();
    try {
      for (const [index, lead] of this.#leads.entries()) this.#send(connection, lead, values[index]!);
      const flaw = super.submit(connection);
      // Without the statement there is no Sync either, and nothing would ever come back.
      if (flaw) connection.stream.destroy(flaw);
      return flaw;
    } finally {
      connection.stream.uncork();
    }
  }

  #send(connection: Connection, lead: Lead, values: unknown[]): void {
    const statement = (this.#preparing && lead.name) || '';
    if (!keeps(connection, lead) && !this.#preparedNow.includes(statement)) {
      // pg takes any confirmation of a Parse for that of its own statement, which therefore has a name only where it is alone.
      this.name = undefined;
      connection.parse({ name: statement, text: lead.text, types: [] });
      if (statement) this.#preparedNow.push(statement);
    }
    connection.bind({ portal: '', statement, values });
    connection.execute({ portal: '', rows: 0 });
  }

  /** Whether all that leads it is done. */
  protected get isLed(): boolean {
    return this.#completed >= this.#leads.length;
  }

  override handleError(cause: Error & { code?: string }, connection: Connection): void {
    if (!this.isLed) {
      // Another connection takes the place of one whose session has lost what it is taken to keep.
      if (cause.code === FORGOTTEN) connection.stream.destroy(cause);
      // Which of them came to be is not known; to close what is not there is no error.
      else for (const name of this.#preparedNow) this.#forget(connection, name);
    }
    super.handleError(cause, connection);
  }

  #forget(connection: Connection, name: string): void {
    delete connection.parsedStatements[name];
    connection.close({ type: 'S', name });
  }

  override handleDataRow(message: unknown): void {
    if (this.isLed) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    const lead = this.#leads[this.#completed];
    this.#completed += 1;
    if (!lead) super.handleCommandComplete(message, connection);
    else if (this.#preparing && lead.name !== undefined) connection.parsedStatements[lead.name] = lead.text;
  }
}
