import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { emit } from './emit.ts';
import type { EventLog } from './event-log.ts';
import { startRelay } from './relay.ts';
import { startConsumers } from './start-consumers.ts';
import { type TestDatabase, testDatabase } from './testing/database.ts';
import { changedIn, EFFECT_TABLE, exampleActor, observerOf, silent } from './testing/inventory.ts';

const WAIT = { timeout: 60_000, interval: 10 };

export interface Outage {
  open(database: TestDatabase): EventLog;
  /** Takes the log away. */
  begin(database: TestDatabase): Promise<void>;
  /** Gives it back. */
  end(database: TestDatabase): Promise<void>;
}

/** What an outage of the log does: it delays events, and fails nothing. */
export function outageContract(name: string, outage: Outage): void {
  describe(`while ${name}`, { timeout: 120_000 }, () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await testDatabase();
      await database.knex.raw(EFFECT_TABLE);
    });
    afterAll(() => database?.drop());

    it('no emit fails; afterwards every event arrives once, in order', async () => {
      const declaration = changedIn(`item_${randomUUID().slice(0, 8)}`);
      const { knex } = database;
      const eventLog = outage.open(database);
      const publishFailed = vi.fn();
      const relay = startRelay({ knex, eventLog, log: silent, metrics: { publishFailed } });
      const consumers = [observerOf(declaration)];
      const running = await startConsumers({
        service: declaration.type,
        consumers,
        knex,
        eventLog,
        log: silent,
      });
      const emitChange = (quantity: number) => {
        const emission = { aggregateId: 1, actor: exampleActor, data: { item_id: 1, quantity } };
        return knex.transaction(trx => emit(trx, declaration, emission));
      };
      const quantities = async () => (await knex('effect').orderBy('id')).map(row => row.quantity);

      await emitChange(1);
      await vi.waitFor(async () => expect(await quantities()).toEqual([1]), WAIT);
      await outage.begin(database);
      for (let quantity = 2; quantity <= 20; quantity++) await emitChange(quantity);
      await vi.waitFor(() => expect(publishFailed).toHaveBeenCalled(), WAIT);
      expect(await quantities()).toEqual([1]);
      expect(await eventLog.ready()).toBe(false);
      await outage.end(database);
      await emitChange(21);
      await vi.waitFor(async () => expect(await quantities()).toHaveLength(21), WAIT);
      expect(await quantities()).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
      await relay.drained();
      await running.stop();
      await relay.stop();
      await eventLog.close();
    });

    it('a service starts; what waited is published and handled when the log is back', async () => {
      const declaration = changedIn(`item_${randomUUID().slice(0, 8)}`);
      const { knex } = database;
      await knex('effect').delete();
      await outage.begin(database);
      const eventLog = outage.open(database);
      const relay = startRelay({ knex, eventLog, log: silent });
      const consumers = [observerOf(declaration)];
      const running = await startConsumers({
        service: declaration.type,
        consumers,
        knex,
        eventLog,
        log: silent,
      });
      const emission = { aggregateId: 1, actor: exampleActor, data: { item_id: 1, quantity: 1 } };
      await knex.transaction(trx => emit(trx, declaration, emission));
      await outage.end(database);
      await vi.waitFor(async () => expect(await knex('effect')).toHaveLength(1), WAIT);
      await running.stop();
      await relay.stop();
      await eventLog.close();
    });
  });
}
