import { Client } from 'pg';
import { ensureSchema } from './schema.ts';

export type Connect = (name: string) => Promise<Client>;

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
      return client;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  };
}
