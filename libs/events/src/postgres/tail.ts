import type { CloudEvent } from '../envelope.ts';
import type { Connection } from './connection.ts';

/** The most that is read at once, and that is kept in memory. */
export const BATCH = 64;

export interface Row {
  position: string;
  key: string;
  event: CloudEvent;
}

/** The newest events of a topic, which the groups of a process read once between them. */
export interface Tail {
  /** What comes after a position, in its order; fewer than there are only where it is BATCH. */
  after(position: string): Promise<Row[]>;
}

export function tail(connection: Connection, topic: string): Tail {
  // Everything of the topic from the one position, exclusive, to the other is in the rows.
  let [from, to] = [0n, 0n];
  let rows: Row[] = [];
  let turn: Promise<void> = Promise.resolve();
  let due: Promise<void> | undefined;

  async function read(position: bigint): Promise<Row[]> {
    const found = await connection.query<Row>({
      name: 'next events',
      text: `select e.position::text, e.key, e.event from event_log.event e
             where e.topic = $1 and e.position > $2 order by e.position limit ${BATCH}`,
      values: [topic, position.toString()],
    });
    return found.rows;
  }

  async function extend(): Promise<void> {
    const found = await read(to);
    if (found.length === 0) return;
    to = BigInt(found.at(-1)!.position);
    rows.push(...found);
    const dropped = rows.splice(0, Math.max(0, rows.length - BATCH)).at(-1);
    if (dropped) from = BigInt(dropped.position);
  }

  /** A query that is on its way may have begun before what the caller was woken for was there. */
  function extended(): Promise<void> {
    due ??= turn = turn.then(() => {
      due = undefined;
      return extend();
    });
    return due;
  }

  return {
    async after(position) {
      const place = BigInt(position);
      if (place > to) [from, to, rows] = [place, place, []];
      // Also where rows are known: the caller was woken for the newest, and sleeps until the next one.
      await extended();
      if (place < from) return read(place);
      return rows.filter(row => BigInt(row.position) > place);
    },
  };
}
