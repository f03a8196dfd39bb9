import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emit } from './emit.ts';
import type { EventLog, LogRecord } from './event-log.ts';
import { startRelay } from './relay.ts';
import { type TestDatabase, testDatabase } from './testing/database.ts';
import { exampleActor, itemChanged, silent } from './testing/inventory.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(() => database?.drop());

const WAIT = { timeout: 10_000, interval: 5 };

/** A log that keeps what it gets, and is down as long as `down` is true. */
function memoryLog() {
  const records: LogRecord[] = [];
  const state = { down: false, records, refused: 0 };
  const unused = () => Promise.reject(new Error('not part of this test'));
  const log: EventLog = {
    async publish(batch) {
      if (state.down) {
        state.refused += 1;
        throw new Error('the log is down');
      }
      records.push(...batch);
    },
    subscribe: unused,
    lag: unused,
    ready: async () => !state.down,
    close: async () => {},
  };
  return Object.assign(state, { log });
}

async function emitChange(item: number, quantities: number[]): Promise<void> {
  for (const quantity of quantities) {
    const data = { item_id: item, quantity };
    await database.knex.transaction(trx =>
      emit(trx, itemChanged, { aggregateId: item, actor: exampleActor, data }),
    );
  }
}

const quantitiesOf = (records: LogRecord[], item: number) =>
  records.filter(({ key }) => key === String(item)).map(({ event }) => event.data.quantity);

describe('the relay', () => {
  it('publishes what is in the outbox, in order of each aggregate, and empties it', async () => {
    const memory = memoryLog();
    await Promise.all([emitChange(1, [1, 2, 3]), emitChange(2, [1, 2])]);
    const relay = startRelay({ knex: database.knex, eventLog: memory.log, log: silent });
    await relay.drained();
    await emitChange(1, [4, 5]);
    await relay.drained();
    expect(quantitiesOf(memory.records, 1)).toEqual([1, 2, 3, 4, 5]);
    expect(quantitiesOf(memory.records, 2)).toEqual([1, 2]);
    await relay.stop();
  });

  it('publishes nothing of a transaction that was rolled back', async () => {
    const memory = memoryLog();
    const relay = startRelay({ knex: database.knex, eventLog: memory.log, log: silent });
    await database.knex
      .transaction(async trx => {
        await emit(trx, itemChanged, {
          aggregateId: 1,
          actor: exampleActor,
          data: { item_id: 1, quantity: 1 },
        });
        throw new Error('no');
      })
      .catch(() => {});
    await emitChange(2, [1]);
    await relay.drained();
    expect(memory.records.map(({ key }) => key)).toEqual(['2']);
    await relay.stop();
  });

  it('keeps events while the log is down, fails no emit, and reports', async () => {
    const memory = memoryLog();
    memory.down = true;
    const metrics = { published: vi.fn(), publishFailed: vi.fn() };
    const relay = startRelay({ knex: database.knex, eventLog: memory.log, log: silent, metrics });
    await emitChange(1, [1, 2, 3]);
    await vi.waitFor(() => expect(memory.refused).toBeGreaterThan(1), WAIT);
    expect(metrics.publishFailed).toHaveBeenCalled();
    expect(memory.records).toEqual([]);
    memory.down = false;
    await relay.drained();
    expect(quantitiesOf(memory.records, 1)).toEqual([1, 2, 3]);
    expect(metrics.published).toHaveBeenCalledWith(expect.any(Number), expect.any(Number));
    await relay.stop();
  });

  it('is active in one process; another takes over when that one stops', async () => {
    const [first, second] = [memoryLog(), memoryLog()];
    const active = startRelay({ knex: database.knex, eventLog: first.log, log: silent });
    await emitChange(1, [1]);
    await active.drained();
    const standby = startRelay({ knex: database.knex, eventLog: second.log, log: silent });
    await emitChange(1, [2, 3]);
    await active.drained();
    expect(quantitiesOf(first.records, 1)).toEqual([1, 2, 3]);
    expect(second.records).toEqual([]);
    await active.stop();
    await emitChange(1, [4]);
    await standby.drained();
    expect(quantitiesOf(second.records, 1)).toEqual([4]);
    await standby.stop();
  });

  it('goes on after its connection was cut', async () => {
    const memory = memoryLog();
    const relay = startRelay({ knex: database.knex, eventLog: memory.log, log: silent });
    await emitChange(1, [1]);
    await relay.drained();
    await database.admin(`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'rivergate relay' and datname = current_database()`);
    await emitChange(1, [2]);
    await relay.drained();
    expect(quantitiesOf(memory.records, 1)).toEqual([1, 2]);
    await relay.stop();
  });

  it('stops within seconds when the log hangs, and leaves the batch to the next relay', async () => {
    const memory = memoryLog();
    const hanging: EventLog = { ...memory.log, publish: vi.fn(() => new Promise<void>(() => {})) };
    const relay = startRelay({ knex: database.knex, eventLog: hanging, log: silent });
    await emitChange(1, [1]);
    await vi.waitFor(() => expect(hanging.publish).toHaveBeenCalled(), WAIT);
    await relay.stop();
    expect(await database.knex('outbox')).toHaveLength(1);
    const next = startRelay({ knex: database.knex, eventLog: memory.log, log: silent });
    await next.drained();
    expect(quantitiesOf(memory.records, 1)).toEqual([1]);
    await next.stop();
  });

  it('takes more than a batch', async () => {
    const memory = memoryLog();
    await database.admin(`insert into inventory.outbox (topic, key, event)
      select 'rivergate.inventory.item', '1', json_build_object('data', json_build_object('quantity', n))
      from generate_series(1, 1750) as n`);
    const relay = startRelay({ knex: database.knex, eventLog: memory.log, log: silent });
    await relay.drained();
    expect(quantitiesOf(memory.records, 1)).toEqual(Array.from({ length: 1750 }, (_, n) => n + 1));
    await relay.stop();
  });
});
