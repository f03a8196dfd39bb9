import type { QueryResult } from 'pg';
import { describeError } from '../describe-error.ts';
import type { EventLog, LogRecord } from '../event-log.ts';
import type { Logger } from '../logger.ts';
import { type Connection, connector } from './connection.ts';
import { reader } from './reader.ts';

const HOUR = 3_600_000;

export interface PostgresLogOptions {
  /** Postgres URL of the role that owns the schema `event_log`. */
  url: string;
  log: Logger;
  /** Older events are deleted; kept for ever when not set, so that a new group can build its projection from all. */
  retentionDays?: number;
  /** How often old events are looked for, in milliseconds. Default an hour. */
  pruneEvery?: number;
}

/** The event log of one machine. A process needs two connections for it: one writes, one reads. */
export function postgresEventLog({
  url,
  log,
  retentionDays,
  pruneEvery = HOUR,
}: PostgresLogOptions): EventLog {
  const connect = connector(url);
  const reading = reader(connect, log);
  let writing: Promise<Connection> | undefined;

  function writer(): Promise<Connection> {
    if (writing) return writing;
    const connecting = connect('rivergate event log writer');
    const forget = () => {
      if (writing === connecting) writing = undefined;
    };
    connecting.then(connection => connection.onEnd(forget), forget);
    writing = connecting;
    return connecting;
  }

  async function query(text: string, values: unknown[]): Promise<QueryResult> {
    const connection = await writer();
    try {
      return await connection.query(text, values);
    } catch (error) {
      // A query that timed out leaves the connection in the middle of it.
      writing = undefined;
      connection.end();
      throw error;
    }
  }

  async function prune(): Promise<void> {
    const expired = `published_at < now() - make_interval(days => $1)`;
    const some = `select position from event_log.event where ${expired} order by position limit 10000`;
    const text = `delete from event_log.event where position in (${some})`;
    while ((await query(text, [retentionDays])).rowCount === 10_000);
  }

  const pruning =
    retentionDays &&
    setInterval(() => {
      prune().catch(error => log.warn({ error: describeError(error) }, 'Old events could not be deleted'));
    }, pruneEvery).unref();

  return {
    async publish(records: LogRecord[]) {
      if (records.length > 0) await query('select event_log.append($1)', [JSON.stringify(records)]);
    },
    async subscribe(subscribe) {
      return reading.subscribe(subscribe);
    },
    async lag(group, topics) {
      const { rows } = await query(
        `select count(*)::int as lag from event_log.event event
         left join event_log.committed on consumer_group = $1 and committed.topic = event.topic
         where event.topic = any($2) and event.position > coalesce(committed.position, 0)`,
        [group, topics],
      );
      return rows[0].lag;
    },
    async ready() {
      return query('select 1', []).then(
        () => true,
        () => false,
      );
    },
    async close() {
      if (pruning) clearInterval(pruning);
      await reading.close();
      await (await writing?.catch(() => undefined))?.end();
      writing = undefined;
    },
  };
}
