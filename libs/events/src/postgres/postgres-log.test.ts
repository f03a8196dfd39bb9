import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { eventLogContract } from '../event-log.contract.ts';
import { type TestDatabase, testDatabase } from '../testing/database.ts';
import { record, silent } from '../testing/inventory.ts';
import { postgresEventLog } from './log.ts';

const INT8 = 20;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database?.drop());

const open = async () => postgresEventLog({ url: database.eventLogUrl, log: silent });

eventLogContract('Postgres', open);

it('needs two connections a process, however many subscriptions it has', async () => {
  const log = await open();
  const handle = async () => {};
  const subscriptions = await Promise.all(
    ['a', 'b', 'c', 'd'].map(group => log.subscribe({ group, topics: ['one', 'two', 'three'], handle })),
  );
  await Promise.all(subscriptions.map(({ started }) => started));
  await log.publish([record('one', 'rose', {})]);
  const [{ count }] = (await database.admin(
    'select count(*)::int as count from pg_stat_activity where usename = $1',
    [database.eventLogRole],
  )) as [{ count: number }];
  expect(count).toBe(2);
  await log.close();
});

it('makes its tables once when many processes start together', async () => {
  await database.admin('drop schema event_log cascade');
  await database.admin(`create schema event_log authorization ${database.eventLogRole}`);
  const logs = await Promise.all([open(), open(), open(), open()]);
  await Promise.all(logs.map(log => log.publish([record('one', 'rose', {})])));
  expect(await logs[0]!.lag('anyone', ['one'])).toBe(4);
  await Promise.all(logs.map(log => log.close()));
});

it('shows positions in their order, whatever the writers do at once', async () => {
  const logs = await Promise.all([open(), open(), open()]);
  const positions: bigint[] = [];
  const reading = await logs[0]!.subscribe({
    group: 'order',
    topics: ['busy'],
    handle: async (_event, { position }) => void positions.push(BigInt(position)),
  });
  await Promise.all(
    logs.map(async log => {
      for (let n = 0; n < 50; n++)
        await log.publish([record('busy', 'rose', { n }), record('busy', 'fern', { n })]);
    }),
  );
  await vi.waitFor(() => expect(positions).toHaveLength(300), { timeout: 20_000 });
  expect(positions).toEqual(positions.toSorted((left, right) => (left < right ? -1 : 1)));
  await reading.stop();
  await Promise.all(logs.map(log => log.close()));
});

it('leaves nothing lying that came while another group was reading', async () => {
  const log = await open();
  const came = Array.from({ length: 6 }, () => [] as unknown[]);
  const subscriptions = await Promise.all(
    came.map((events, group) =>
      log.subscribe({
        group: `reading ${group}`,
        topics: ['shared'],
        // Each is at another place when the next one comes.
        async handle({ data }) {
          for (let turn = 0; turn < group * 3; turn++) await new Promise(setImmediate);
          events.push(data.n);
        },
      }),
    ),
  );
  for (let n = 0; n < 300; n += 3) {
    for (const next of [n, n + 1, n + 2]) await log.publish([record('shared', 'rose', { n: next })]);
    // Less than it takes until a group looks without having been told.
    await vi.waitFor(() => expect(came.map(events => events.at(-1))).toEqual(came.map(() => n + 2)), {
      timeout: 4_000,
      interval: 1,
    });
  }
  await Promise.all(subscriptions.map(subscription => subscription.stop()));
  await log.close();
}, 60_000);

it('goes on after all its connections were cut', async () => {
  const log = await open();
  const seen: unknown[] = [];
  const reading = await log.subscribe({
    group: 'cut',
    topics: ['cut'],
    handle: async ({ data }) => void seen.push(data.n),
  });
  await log.publish([record('cut', 'rose', { n: 1 })]);
  await vi.waitFor(() => expect(seen).toEqual([1]), { timeout: 10_000 });
  await vi.waitFor(async () => expect(await log.lag('cut', ['cut'])).toBe(0));
  await database.admin('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
    database.eventLogRole,
  ]);
  await vi.waitFor(() => log.publish([record('cut', 'rose', { n: 2 })]), { timeout: 10_000 });
  await vi.waitFor(() => expect(seen).toContain(2), { timeout: 10_000 });
  await reading.stop();
  await log.close();
});

it('deletes what is older than the retention, and nothing else', async () => {
  const log = await open();
  await log.publish([record('aged', 'rose', { n: 'old' }), record('aged', 'rose', { n: 'new' })]);
  await database.admin(`update event_log.event set published_at = now() - interval '8 days'
    where topic = 'aged' and event->'data'->>'n' = 'old'`);
  const pruning = postgresEventLog({
    url: database.eventLogUrl,
    log: silent,
    retentionDays: 7,
    pruneEvery: 10,
  });
  await vi.waitFor(async () => expect(await log.lag('anyone', ['aged'])).toBe(1), { timeout: 10_000 });
  await Promise.all([log.close(), pruning.close()]);
});

it('gives positions as text, also where the process reads integers of 64 bits as numbers', async () => {
  const asText = pg.types.getTypeParser(INT8);
  pg.types.setTypeParser(INT8, Number);
  try {
    const log = await open();
    const positions: unknown[] = [];
    const reading = await log.subscribe({
      group: 'text',
      topics: ['typed'],
      handle: async (_event, { position }) => void positions.push(position),
    });
    await log.publish([record('typed', 'rose', {})]);
    await vi.waitFor(() => expect(positions).toEqual([expect.any(String)]), { timeout: 20_000 });
    await reading.stop();
    await log.close();
  } finally {
    pg.types.setTypeParser(INT8, asText);
  }
});
