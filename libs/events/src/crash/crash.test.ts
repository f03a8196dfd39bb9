import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { testKafka } from '@rivergate/testing/on-demand';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { emit } from '../emit.ts';
import { type TestDatabase, testDatabase } from '../testing/database.ts';
import { changedIn, EFFECT_TABLE, exampleActor } from '../testing/inventory.ts';
import { CRASH_POINTS, type VictimEnvironment } from './victim.ts';

const WAIT = { timeout: 60_000, interval: 10 };
const ITEMS = [1, 2, 3];
const { value: kafka, reason } = await testKafka();

let database: TestDatabase;
let aggregate: string;
const victims = new Set<ChildProcess>();

beforeEach(async () => {
  aggregate = `item_${randomUUID().slice(0, 8)}`;
  database = await testDatabase();
  await database.knex.raw(EFFECT_TABLE);
});
afterEach(async () => {
  await Promise.all([...victims].map(kill));
  await database?.drop();
});

function start(broker: 'postgres' | 'kafka', crash: Partial<VictimEnvironment> = {}): ChildProcess {
  const log = broker === 'kafka' ? { KAFKA_BROKERS: kafka } : { EVENT_LOG_URL: database.eventLogUrl };
  const victim = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'victim.ts')], {
    env: { DATABASE_URL: database.url, AGGREGATE: aggregate, ...log, ...crash },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  victims.add(victim);
  return victim;
}

/** @returns the signal that ended it */
async function ended(victim: ChildProcess): Promise<NodeJS.Signals | null> {
  if (victim.exitCode === null && victim.signalCode === null) {
    await new Promise(resolve => victim.once('exit', resolve));
  }
  victims.delete(victim);
  return victim.signalCode;
}

async function kill(victim: ChildProcess): Promise<void> {
  victim.kill('SIGKILL');
  await ended(victim);
}

/** Every item changes from `first` to `last`, each step a transaction. */
async function emitChange(first: number, last: number): Promise<void> {
  for (let quantity = first; quantity <= last; quantity++) {
    for (const item of ITEMS) {
      const emission = { aggregateId: item, actor: exampleActor, data: { item_id: item, quantity } };
      await database.knex.transaction(trx => emit(trx, changedIn(aggregate), emission));
    }
  }
}

async function effectCount(): Promise<number> {
  const [row] = await database.knex('effect').count('id as count');
  return Number(row!.count);
}

/** Every step of every item once, in order; nothing left to publish. */
async function expectNothingLostOrDoubled(last: number): Promise<void> {
  await vi.waitFor(async () => expect(await effectCount()).toBeGreaterThanOrEqual(last * ITEMS.length), WAIT);
  await vi.waitFor(async () => expect(await database.knex('outbox')).toEqual([]), WAIT);
  for (const item of ITEMS) {
    const rows = await database.knex('effect').where('item_id', item).orderBy('id');
    expect(rows.map(row => row.quantity)).toEqual(Array.from({ length: last }, (_, n) => n + 1));
  }
}

for (const broker of ['postgres', ...(kafka ? ['kafka' as const] : [])] as const) {
  describe(`kill -9 with ${broker} loses no event and doubles no effect`, { timeout: 90_000 }, () => {
    it.for(CRASH_POINTS)('%s', async point => {
      await emitChange(1, 10);
      const CRASH_AFTER = point.startsWith('consumer') ? '7' : '0';
      const victim = start(broker, { CRASH_AT: point, CRASH_AFTER });
      expect(await ended(victim)).toBe('SIGKILL');
      expect(await effectCount()).toBeLessThan(30);
      await emitChange(11, 12);
      start(broker);
      await expectNothingLostOrDoubled(12);
    });

    it('again and again, at any moment, with a standby', async () => {
      const kills = broker === 'kafka' ? 2 : 8;
      const last = 100;
      let running = [start(broker), start(broker)];
      const changing = emitChange(1, last);
      for (let n = 0; n < kills; n++) {
        const progress = (await effectCount()) + randomInt(1, 20);
        await vi.waitFor(async () => expect(await effectCount()).toBeGreaterThanOrEqual(progress), WAIT);
        const [unlucky, other] = n % 2 ? running : running.toReversed();
        await kill(unlucky!);
        running = [other!, start(broker)];
      }
      await changing;
      await expectNothingLostOrDoubled(last);
    });
  });
}
if (!kafka) it.skip(`crashes with Kafka: ${reason}`, () => {});
