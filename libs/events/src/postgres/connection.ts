import { Client, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg';
import { ensureSchema } from './schema.ts';

/** A connection that several share: their queries take turns. */
export interface Connection {
  query<Row extends QueryResultRow>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<Row>>;
  /** Called once, when the connection is lost or ended. */
  onEnd(ended: () => void): void;
  onNotification(heard: (payload: string | undefined) => void): void;
  end(): Promise<void>;
}

export type Connect = (name: string) => Promise<Connection>;

function shared(client: Client): Connection {
  let turn: Promise<unknown> = Promise.resolve();
  return {
    query(text, values) {
      const result = turn.then(() => client.query(text as string, values));
      turn = result.catch(() => {});
      return result;
    },
    onEnd(ended) {
      client.once('end', ended);
    },
    onNotification(heard) {
      client.on('notification', ({ payload }) => heard(payload));
    },
    async end() {
      await client.end().catch(() => {});
    },
  };
}

/** Connections to the log's database, which the first of them makes ready. */
export function connector(url: string): Connect {
  let ready: Promise<void> | undefined;
  return async name => {
    const client = new Client({
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis: 5000,
      query_timeout: 30_000,
      keepAlive: true,
    });
    // Without a listener, a lost connection would end the process; queries on it reject anyway.
    client.on('error', () => {});
    try {
      await client.connect();
      // The server lets go of the locks of a machine that vanished within a minute.
      await client.query(
        'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3',
      );
      ready ??= ensureSchema(client);
      await ready.catch(error => {
        ready = undefined;
        throw error;
      });
      return shared(client);
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  };
}
