import type pg from 'pg';
import type { LedQuery } from './led-query.ts';

/** Statements that are sent together at most: the last of them waits for the others. */
const MOST_TOGETHER = 8;

/** Milliseconds after which a statement is sent alone, until it is quick again: others shall not wait for it. */
const QUICK = 50;

/** The connections of a service, as far as reads need them. */
interface Pool {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): unknown;
}

type Connection = pg.Client & {
  /** Whether pg sends a statement before the one before it is answered. */
  pipeline: boolean;
  connection: Parameters<LedQuery['isPreparedOn']>[0];
  /** Why knex's pool throws it away. */
  __knex__disposed?: unknown;
};

/** What is told of a statement when it is answered or has failed. */
export type Answered = (cause: Error | null, result: unknown) => void;

interface Read {
  query: LedQuery;
  answered: Answered;
}

/** Sends a statement that only reads. */
export type SendRead = (query: LedQuery, answered: Answered) => void;

/**
 * Sends statements that only read over a part of the pool. While one of its connections is free, each has one of its own,
 * as in any pool. Those that would wait for one are sent together instead, with a Sync after each, so that one that fails
 * changes nothing for the others ("Pipelining" in PostgreSQL's manual); only such as are prepared and known to be quick.
 *
 * @param connections of the pool that reads take at most
 */
export function readPipeline(pool: Pool, connections: number): SendRead {
  const waiting: Read[] = [];
  const slow = new Set<string>();
  let taken = 0;
  let held = 0;

  const mayBeShared = ({ query }: Read, { connection }: Connection) =>
    query.isPreparedOn(connection) && !slow.has(query.name!);

  function next(connection: Connection): Read[] {
    const most = Math.min(MOST_TOGETHER, Math.ceil(waiting.length / taken));
    let count = 0;
    while (count < most && mayBeShared(waiting[count]!, connection)) count += 1;
    return waiting.splice(0, Math.max(1, count));
  }

  function send(connection: Connection, reads: readonly Read[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { stream } = connection.connection;
    let began = performance.now();
    let outstanding = reads.length;
    stream.cork();
    for (const { query, answered } of reads) {
      query.callback = (cause, result) => {
        const now = performance.now();
        if (now - began > QUICK) slow.add(query.name ?? '');
        else if (slow.size > 0) slow.delete(query.name ?? '');
        began = now;
        answered(cause, result);
        outstanding -= 1;
        if (outstanding === 0) resolve();
      };
      connection.query(query as unknown as pg.Submittable);
    }
    stream.uncork();
    return promise;
  }

  async function work(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const connection = await pool.acquireConnection();
        held += 1;
        connection.pipeline = true;
        while (waiting.length > 0 && !connection.__knex__disposed) await send(connection, next(connection));
        connection.pipeline = false;
        held -= 1;
        pool.releaseConnection(connection);
      }
      taken -= 1;
    } catch (cause) {
      taken -= 1;
      // Who holds a connection goes on with those that wait; else there is none to be had.
      if (held === 0) for (const { answered } of waiting.splice(0)) answered(cause as Error, undefined);
    }
  }

  return (query, answered) => {
    waiting.push({ query, answered });
    if (taken >= connections) return;
    taken += 1;
    void work();
  };
}
