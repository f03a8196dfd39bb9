import type { Knex } from 'knex';
import type { Client } from 'pg';
import { backoff } from './backoff.ts';
import { type Bell, bell } from './bell.ts';
import { describeError } from './describe-error.ts';
import type { CloudEvent } from './envelope.ts';
import type { EventLog, LogRecord } from './event-log.ts';
import type { Logger } from './logger.ts';
import type { EventMetrics } from './metrics.ts';
import { onOutboxCommit } from './wake.ts';

const BATCH = 500;
/** How often the outbox is looked at without being told to; milliseconds. */
const POLL = 1000;
/** Between the starts of two batches at least; milliseconds. Under load each takes more, and costs the database less. */
const PACE = 20;
/** How often a standby tries to take over; milliseconds. */
const STANDBY = 1000;
/** How long a stopping relay waits for the batch in hand; a batch given up is published again by the next one. */
const GRACE = 3000;

export interface StartRelay {
  knex: Knex;
  eventLog: EventLog;
  log: Logger;
  metrics?: EventMetrics;
}

export interface Relay {
  stop(): Promise<void>;
  /** Resolves once the outbox is empty, whichever process's relay emptied it. */
  drained(): Promise<void>;
}

interface OutboxRow {
  id: string;
  topic: string;
  key: string;
  event: CloudEvent;
  age: number;
}

/**
 * One connection of its own, outside the pool: it holds the lock that makes one relay of a service the active one,
 * hears the outbox's notifications, reads and deletes. Should the connection break, the lock goes with it, and what
 * was not deleted is published again: at least once, in order.
 */
async function connect(knex: Knex, wake: Bell): Promise<Client> {
  const client: Client = await knex.client.acquireRawConnection();
  client.on('error', wake.ring);
  client.on('notification', wake.ring);
  // A deletion lost in a crash of the database only publishes an event twice.
  await client.query(`set application_name = 'rivergate relay'; set synchronous_commit = off`);
  // The server lets go of the lock of a machine that vanished within a minute.
  await client.query(
    'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3',
  );
  await client.query(
    `do $$ begin execute format('listen %I', 'rivergate_outbox_' || current_schema()); end $$`,
  );
  return client;
}

async function isActive(client: Client): Promise<boolean> {
  const lock = `hashtextextended('rivergate.relay.' || current_schema(), 0)`;
  const { rows } = await client.query(`select pg_try_advisory_lock(${lock}) as active`);
  return rows[0].active;
}

/** @throws when the signal aborts before the work is done; the work may still be done later */
async function unlessAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}

export function startRelay({ knex, eventLog, log, metrics }: StartRelay): Relay {
  const stopping = new AbortController();
  const { signal } = stopping;
  const givingUp = new AbortController();
  const wake = bell();
  const pacing = bell();
  const trouble = backoff(100, 2000);
  let standby: Client | undefined;
  let told = false;

  /** What this process committed is relayed by whichever process is active. */
  onOutboxCommit(knex, () => {
    if (!standby) return wake.ring();
    if (told) return;
    told = true;
    standby
      .query(`select pg_notify('rivergate_outbox_' || current_schema(), '')`)
      .catch(() => {})
      .finally(() => {
        told = false;
      });
  });

  /** @returns whether there may be more */
  async function relayBatch(client: Client): Promise<boolean> {
    const { rows } = await client.query<OutboxRow>({
      name: 'next outbox batch',
      text: `select id, topic, key, event, extract(epoch from clock_timestamp() - created_at)::float8 as age
             from outbox order by id limit ${BATCH}`,
    });
    if (rows.length === 0) return false;
    const records: LogRecord[] = rows.map(({ topic, key, event }) => ({ topic, key, event }));
    try {
      await unlessAborted(givingUp.signal, eventLog.publish(records));
    } catch (error) {
      metrics?.publishFailed?.();
      log.warn(
        { error: describeError(error), waiting: rows.length },
        'The event log takes nothing; events wait',
      );
      await trouble.pause(signal);
      return true;
    }
    trouble.reset();
    await client.query({
      name: 'delete published',
      text: 'delete from outbox where id = any($1::bigint[])',
      values: [rows.map(row => row.id)],
    });
    metrics?.published?.(rows.length, rows[0]!.age);
    return rows.length === BATCH;
  }

  async function session(client: Client): Promise<void> {
    standby = client;
    while (!signal.aborted && !(await isActive(client))) await wake.heard(STANDBY, signal);
    standby = undefined;
    while (!signal.aborted) {
      const began = performance.now();
      if (await relayBatch(client)) continue;
      await wake.heard(POLL, signal);
      // What comes alone goes at once.
      const early = PACE - (performance.now() - began);
      if (early > 0) await pacing.heard(early, signal);
    }
  }

  async function run(): Promise<void> {
    const connecting = backoff(100, 2000);
    while (!signal.aborted) {
      let client: Client | undefined;
      try {
        client = await connect(knex, wake);
        connecting.reset();
        await session(client);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ error: describeError(error) }, 'The relay lost the database; trying again');
        await connecting.pause(signal);
      } finally {
        standby = undefined;
        await client?.end().catch(() => {});
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      const timer = setTimeout(() => givingUp.abort(), GRACE);
      await running;
      clearTimeout(timer);
    },
    async drained() {
      const empty = bell();
      while (await knex('outbox').first('id')) await empty.heard(5);
    },
  };
}
