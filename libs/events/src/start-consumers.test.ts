import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Consumer, consumer, on } from './consumer.ts';
import type { DeadLetter } from './dead-letter.ts';
import { describeError } from './describe-error.ts';
import { emit } from './emit.ts';
import type { CloudEvent } from './envelope.ts';
import type { EventLog } from './event-log.ts';
import { postgresEventLog } from './postgres/log.ts';
import { reactions } from './react.ts';
import { startRelay } from './relay.ts';
import { replayDeadLetters } from './replay-dead-letters.ts';
import { pruneInbox, type StartConsumers, startConsumers } from './start-consumers.ts';
import { type TestDatabase, testDatabase } from './testing/database.ts';
import {
  EFFECT_TABLE,
  exampleActor,
  itemChanged,
  itemRemoved,
  observer,
  record,
  silent,
} from './testing/inventory.ts';

const TOPIC = 'rivergate.inventory.item';
const WAIT = { timeout: 10_000, interval: 5 };
const QUICK = { attempts: 3, pause: 1, longestPause: 5 };

let database: TestDatabase;
let eventLog: EventLog;
beforeEach(async () => {
  database = await testDatabase();
  await database.knex.raw(EFFECT_TABLE);
  eventLog = postgresEventLog({ url: database.eventLogUrl, log: silent });
});
afterEach(async () => {
  await eventLog.close();
  await database.drop();
});

const start = (consumers: Consumer[], options: Partial<StartConsumers> = {}) =>
  startConsumers({
    service: 'inventory',
    consumers,
    knex: database.knex,
    eventLog,
    log: silent,
    retry: QUICK,
    ...options,
  });
const changed = (quantity: number) => record(TOPIC, '1', { item_id: 1, quantity });
const effects = async () => (await database.knex('effect').orderBy('id')).map(row => row.quantity);
const caughtUp = (name: string) =>
  vi.waitFor(async () => expect(await eventLog.lag(`rivergate.inventory.${name}`, [TOPIC])).toBe(0), WAIT);

/** What lies in the dead letters. */
async function deadLetters(): Promise<CloudEvent<DeadLetter>[]> {
  const rows = await database.admin(
    `select event from event_log.event where topic like '%.dead-letter' order by position`,
  );
  return rows.map(row => row.event as CloudEvent<DeadLetter>);
}

describe('a consumer', () => {
  it('handles what was emitted, from the transaction to its own tables', async () => {
    const relay = startRelay({ knex: database.knex, eventLog, log: silent });
    const running = await start([observer]);
    await database.knex.transaction(trx =>
      emit(trx, itemChanged, { aggregateId: 1, actor: exampleActor, data: { item_id: 1, quantity: 4 } }),
    );
    await vi.waitFor(async () => expect(await effects()).toEqual([4]), WAIT);
    await running.stop();
    await relay.stop();
  });

  it('has one effect of an event that comes twice', async () => {
    const metrics = { handled: vi.fn() };
    const running = await start([observer], { metrics });
    const [one, two] = [changed(1), changed(2)];
    await eventLog.publish([one, one, two, one, two]);
    await caughtUp('observer');
    expect(await effects()).toEqual([1, 2]);
    expect(metrics.handled.mock.calls.map(call => call[2])).toEqual([
      'done',
      'duplicate',
      'done',
      'duplicate',
      'duplicate',
    ]);
    await running.stop();
  });

  it('has one effect of an event that two processes handle at once', async () => {
    // What a process does that lost its place in the group without noticing, beside the one that took over.
    const options = { service: 'inventory', consumers: [], knex: database.knex, eventLog, log: silent };
    const handlers = [1, 2].map(() => reactions(options, observer, 'rivergate.inventory.observer'));
    const { topic, key, event } = changed(1);
    const delivery = { topic, key, partition: 0, position: '1', signal: new AbortController().signal };
    await Promise.all(handlers.map(({ handle }) => handle(event, delivery)));
    expect(await effects()).toEqual([1]);
  });

  it('leaves no effect of an attempt that failed, and tries again', async () => {
    let attempts = 0;
    const running = await start([
      consumer({
        name: 'stumbling',
        on: [
          on(itemChanged, async ({ id, data }, { db }) => {
            await db('effect').insert({ event_id: id, ...data });
            attempts += 1;
            if (attempts < 3) throw new Error('not yet');
          }),
        ],
      }),
    ]);
    await eventLog.publish([changed(1)]);
    await vi.waitFor(async () => expect(await effects()).toEqual([1]), WAIT);
    expect(attempts).toBe(3);
    await running.stop();
  });

  it('emits in its transaction, as the service, with the trace of the event', async () => {
    const running = await start([
      consumer({
        name: 'cutting',
        on: [
          on(itemChanged, async ({ data }, { emit: emitted }) => {
            await emitted(itemRemoved, { aggregateId: data.item_id, data: { item_id: data.item_id } });
          }),
        ],
      }),
    ]);
    const sent = changed(9);
    sent.event.traceparent = exampleActor.traceparent!;
    await eventLog.publish([sent]);
    await vi.waitFor(async () => expect(await database.knex('outbox')).toHaveLength(1), WAIT);
    const { event } = await database.knex('outbox').first();
    expect(event).toMatchObject({ actor: 'service:inventory', traceparent: exampleActor.traceparent });
    await running.stop();
  });

  it('works in platform scope, within its transaction only', async () => {
    const scopes: string[] = [];
    const running = await start([
      consumer({
        name: 'scope',
        on: [
          on(itemChanged, async (_event, { db }) => {
            const { rows } = await db.raw(`select current_setting('rivergate.scope', true) as scope`);
            scopes.push(rows[0].scope);
          }),
        ],
      }),
    ]);
    await eventLog.publish([changed(1)]);
    await vi.waitFor(() => expect(scopes).toEqual(['platform']), WAIT);
    const { rows } = await database.knex.raw(`select current_setting('rivergate.scope', true) as scope`);
    expect(rows[0].scope).not.toBe('platform');
    await running.stop();
  });

  it('waits for what is away without using up its attempts', async () => {
    let attempts = 0;
    const running = await start([
      consumer({
        name: 'waiting',
        on: [
          on(itemChanged, async ({ id, data }, { db }) => {
            attempts += 1;
            if (attempts <= 10) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
            await db('effect').insert({ event_id: id, ...data });
          }),
        ],
      }),
    ]);
    await eventLog.publish([changed(1)]);
    await vi.waitFor(async () => expect(await effects()).toEqual([1]), WAIT);
    expect(await deadLetters()).toEqual([]);
    await running.stop();
  });
});

describe('events that follow each other', () => {
  /** In how many transactions a consumer has handled what it has. */
  const transactions = async () => {
    const { rows } = await database.knex.raw('select distinct xmin::text from inbox');
    return rows.length;
  };

  it('are handled in one transaction, in their order', async () => {
    const all = Array.from({ length: 12 }, (_, quantity) => changed(quantity));
    await eventLog.publish(all);
    const running = await start([observer]);
    await caughtUp('observer');
    expect(await effects()).toEqual(all.map(({ event }) => event.data.quantity));
    expect(await transactions()).toBe(1);
    await running.stop();
  });

  it('are handled in platform scope each, also after one that narrowed it', async () => {
    const scopes: string[] = [];
    const narrowing = consumer({
      name: 'narrowing',
      on: [
        on(itemChanged, async (_event, { db }) => {
          const { rows } = await db.raw(`select current_setting('rivergate.scope', true) as scope`);
          scopes.push(rows[0].scope);
          await db.raw(`select set_config('rivergate.scope', 'organization', true)`);
        }),
      ],
    });
    await eventLog.publish([1, 2, 3].map(changed));
    const running = await start([narrowing]);
    await caughtUp('narrowing');
    expect(scopes).toEqual(['platform', 'platform', 'platform']);
    expect(await transactions()).toBe(1);
    await running.stop();
  });

  it('are handled one by one where one of them fails, which alone goes to the dead letters', async () => {
    const picky = consumer({
      name: 'picky',
      on: [
        on(itemChanged, async ({ id, data }, { db }) => {
          await db('effect').insert({ event_id: id, ...data });
          if (data.quantity === 3) throw new Error('not this one');
        }),
      ],
    });
    await eventLog.publish([1, 2, 3, 4, 5].map(changed));
    const running = await start([picky]);
    await caughtUp('picky');
    expect(await effects()).toEqual([1, 2, 4, 5]);
    expect((await deadLetters()).map(({ data }) => data.event.data)).toEqual([{ item_id: 1, quantity: 3 }]);
    await running.stop();
  });

  it('let go of all they hold where one of them has to wait, so that nobody waits for them in turn', async () => {
    await database.knex.raw('create table item (id int primary key); insert into item values (1), (2)');
    const locking = consumer({
      name: 'locking',
      on: [
        on(itemChanged, async ({ id, data }, { db }) => {
          await db('item').where({ id: data.quantity }).forUpdate().select();
          await db('effect').insert({ event_id: id, ...data });
        }),
      ],
    });
    await eventLog.publish([1, 2].map(changed));
    const other = await database.knex.transaction();
    await other('item').where({ id: 2 }).forUpdate().select();
    const running = await start([locking]);
    // The first is done and its lock free, though the second waits.
    await vi.waitFor(async () => expect(await effects()).toEqual([1]), WAIT);
    await other('item').where({ id: 1 }).forUpdate().select();
    await other.commit();
    await vi.waitFor(async () => expect(await effects()).toEqual([1, 2]), WAIT);
    await running.stop();
  });
});

describe('dead letters', () => {
  const broken = { now: true };
  const picky = consumer({
    name: 'picky',
    on: [
      on(itemChanged, async ({ id, data }, { db }) => {
        if (data.quantity === 2 && broken.now) throw new Error('I cannot do 2');
        await db('effect').insert({ event_id: id, ...data });
      }),
    ],
  });

  beforeEach(() => {
    broken.now = true;
  });

  it('take an event that keeps failing, with error, attempts and origin; the next ones go on', async () => {
    const running = await start([picky]);
    const two = changed(2);
    await eventLog.publish([changed(1), two, changed(3)]);
    await vi.waitFor(async () => expect(await effects()).toEqual([1, 3]), WAIT);
    expect(await deadLetters()).toEqual([
      expect.objectContaining({
        type: 'rivergate.dead_letter',
        subject: two.event.id,
        data: {
          service: 'inventory',
          consumer: 'picky',
          group: 'rivergate.inventory.picky',
          attempts: 3,
          error: { name: 'Error', message: 'I cannot do 2' },
          origin: { topic: TOPIC, partition: 0, position: expect.any(String), key: '1' },
          event: two.event,
        },
      }),
    ]);
    await running.stop();
  });

  it('take an event whose data does not fit its schema, at once', async () => {
    const running = await start([observer]);
    await eventLog.publish([record(TOPIC, '1', { item_id: 'one' }), changed(1)]);
    await vi.waitFor(async () => expect(await effects()).toEqual([1]), WAIT);
    expect((await deadLetters())[0]!.data.attempts).toBe(1);
    await running.stop();
  });

  it('are replayed once, and only for the group that gave up', async () => {
    const running = await start([picky, observer]);
    await eventLog.publish([changed(2)]);
    await caughtUp('picky');
    await caughtUp('observer');
    expect(await effects()).toEqual([2]);
    broken.now = false;
    expect(await replayDeadLetters({ eventLog, topics: [TOPIC], log: silent })).toBe(1);
    await vi.waitFor(async () => expect(await effects()).toEqual([2, 2]), WAIT);
    expect(await replayDeadLetters({ eventLog, topics: [TOPIC], log: silent })).toBe(0);
    await caughtUp('observer');
    expect(await effects()).toEqual([2, 2]);
    await running.stop();
  });

  it('can be replayed for one group', async () => {
    const running = await start([picky]);
    await eventLog.publish([changed(2)]);
    await caughtUp('picky');
    broken.now = false;
    const replay = (group: string) => replayDeadLetters({ eventLog, topics: [TOPIC], group, log: silent });
    expect(await replay('rivergate.inventory.other')).toBe(0);
    expect(await replay('rivergate.inventory.picky')).toBe(1);
    await vi.waitFor(async () => expect(await effects()).toEqual([2]), WAIT);
    await running.stop();
  });

  it('can be replayed from the command line', async () => {
    const running = await start([picky]);
    await eventLog.publish([changed(2)]);
    await caughtUp('picky');
    broken.now = false;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, 'replay.ts'), '--group', 'rivergate.inventory.picky', TOPIC],
      { env: { EVENT_LOG_URL: database.eventLogUrl } },
    );
    expect(stdout).toContain('"replayed":1');
    await vi.waitFor(async () => expect(await effects()).toEqual([2]), WAIT);
    await running.stop();
  });

  it('tell of a database error neither the SQL nor the values', async () => {
    await database.knex.raw('create table account (email text constraint account_email unique)');
    const insert = () => database.knex('account').insert({ email: 'ada@example.com' });
    await insert();
    const described = describeError(await insert().catch(error => error));
    expect(described).toEqual({
      name: 'DatabaseError',
      code: '23505',
      message: 'database error 23505 table account constraint account_email',
    });
  });
});

describe('the inbox', () => {
  it('forgets what was handled over a month ago, and nothing else', async () => {
    await database.knex.raw(`insert into inbox (consumer, event_id, handled_at)
      select name, gen_random_uuid(), now() - age::interval
      from (values ('old', '31 days'), ('new', '29 days')) as rows (name, age)`);
    await pruneInbox(database.knex);
    expect(await database.knex('inbox').pluck('consumer')).toEqual(['new']);
  });
});

describe('startConsumers', () => {
  it('refuses two consumers of one name, and two reactions to one event', async () => {
    await expect(start([observer, observer])).rejects.toThrow('one name');
    const reaction = on(itemChanged, async () => {});
    expect(() => consumer({ name: 'double', on: [reaction, reaction] })).toThrow('reacts twice');
  });
});
