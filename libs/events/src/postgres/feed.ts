import { type Bell, bell } from '../bell.ts';
import { deliver } from '../deliver.ts';
import type { Subscribe } from '../event-log.ts';
import type { Logger } from '../logger.ts';
import type { Connection } from './connection.ts';
import { CHANNEL } from './schema.ts';
import { BATCH, type Tail } from './tail.ts';

/** How often a feed looks without a notification; milliseconds. */
const POLL = 5000;
/** How often a standby tries to take over; milliseconds. */
const STANDBY = 1000;
/** How long at least a place is not committed at which nothing was handled; milliseconds. */
const IDLE = 1000;

/** One group's reading of one topic. */
export interface Feed {
  topic: string;
  wake: Bell;
  started: Promise<void>;
  /** Reads until the signal aborts or `stop` is called. @throws when the connection fails */
  read(connection: Connection, tail: Tail, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export function feed(subscribe: Subscribe, topic: string, log: Logger): Feed {
  const { group, fromBeginning = true } = subscribe;
  const wake = bell();
  const started = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let reading: Promise<void> | undefined;

  /** Takes the group's place at the topic, if no other process has it. */
  async function acquire(connection: Connection): Promise<boolean> {
    await connection.query(
      `insert into event_log.committed (consumer_group, topic, position)
       select $1, $2, case when $3 then 0 else coalesce((select max(position) from event_log.event), 0) end
       on conflict do nothing`,
      [group, topic, fromBeginning],
    );
    started.resolve();
    const lock = `hashtextextended('rivergate.event_log.' || $1, 0)`;
    const { rows } = await connection.query<{ held: boolean }>(
      `select pg_try_advisory_lock(${lock}) as held`,
      [`${group} ${topic}`],
    );
    return rows[0]!.held;
  }

  /** Lets another process take the place at once. */
  async function release(connection: Connection): Promise<void> {
    const lock = `hashtextextended('rivergate.event_log.' || $1, 0)`;
    await connection.query(`select pg_advisory_unlock(${lock})`, [`${group} ${topic}`]);
    await connection.query(`select pg_notify('${CHANNEL}', $1)`, [topic]);
  }

  async function committed(connection: Connection): Promise<string> {
    const text = 'select position::text from event_log.committed where consumer_group = $1 and topic = $2';
    return (await connection.query<{ position: string }>(text, [group, topic])).rows[0]!.position;
  }

  async function commit(connection: Connection, position: string): Promise<void> {
    await connection.query({
      name: 'commit position',
      text: 'update event_log.committed set position = $3 where consumer_group = $1 and topic = $2',
      values: [group, topic, position],
    });
  }

  async function readAll(connection: Connection, tail: Tail, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(await acquire(connection))) await wake.heard(STANDBY, signal);
    if (signal.aborted) return;
    let position = await committed(connection);
    let [kept, keptAt] = [position, performance.now()];
    const keep = async () => {
      await commit(connection, position);
      [kept, keptAt] = [position, performance.now()];
    };
    while (!signal.aborted) {
      const rows = await tail.after(position);
      const delivered = rows.map(({ event, ...place }) => ({
        event,
        delivery: { topic, partition: 0, ...place, signal },
      }));
      const { taken, position: behind = position } = await deliver(subscribe, delivered, log);
      position = behind;
      if (taken > 0 || (position !== kept && performance.now() - keptAt > IDLE)) await keep();
      if (rows.length < BATCH) await wake.heard(position === kept ? POLL : IDLE, signal);
    }
    if (position !== kept) await keep();
    await release(connection);
  }

  return {
    topic,
    wake,
    started: started.promise,
    read(connection, tail, signal) {
      reading = readAll(connection, tail, AbortSignal.any([signal, stopping.signal]));
      return reading;
    },
    async stop() {
      stopping.abort();
      await reading?.catch(() => {});
    },
  };
}
