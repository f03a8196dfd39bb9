import pg from 'pg';

/** PostgreSQL's messages as pg writes them, see "Message Flow: Extended Query" in its manual. */
export interface Connection {
  parsedStatements: Record<string, string | undefined>;
  stream: { cork(): void; uncork(): void; destroy(cause: Error): void };
  parse(message: { name: string; text: string; types: number[] }): void;
  bind(message: { portal: string; statement: string; values: unknown[] }): void;
  execute(message: { portal: string; rows: number }): void;
  sync(): void;
  close(message: { type: 'S'; name: string }): void;
}

type Done = (cause: Error | null, result: unknown) => void;

/** What pg's own types leave out of its queries. */
export interface Query {
  name: string | undefined;
  text: string;
  callback: Done | undefined;
  queryMode: 'extended' | undefined;
  submit(connection: Connection): Error | null;
  /** Sends what follows on a Bind. */
  _getRows(connection: Connection): void;
  handleError(cause: Error & { code?: string }, connection: Connection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}
export const Query = pg.Query as unknown as new (config: pg.QueryConfig<unknown[]>) => Query;
