import { eventually, type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectDatabase } from './database/connect.ts';
import { createLog } from './log.ts';
import { startWorkers, type Worker, wakeAfterCommit } from './worker.ts';

const log = createLog('workers', 'silent');
let environment: TestEnvironment;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('policy').DATABASE_URL!, 'workers', 4);
  await knex.raw('create table errands (id int primary key, due_at timestamptz not null default now())');
});
afterAll(async () => {
  await knex.destroy();
  await environment.remove();
});
beforeEach(async () => {
  outcomes = [];
  await knex('errands').delete();
});

type Tools = { knex: Knex; log: typeof log };
const LEASE = "now() + interval '1 minute'";
const errands: Worker<Tools, number, number> = {
  name: 'errands',
  slots: 4,
  async claim({ knex }, most) {
    const due = knex('errands').where('due_at', '<=', knex.fn.now()).limit(most).forUpdate().skipLocked();
    const rows = await knex('errands')
      .whereIn('id', due.select('id'))
      .update({ due_at: knex.raw(LEASE) })
      .returning('id');
    return rows.map(({ id }) => id);
  },
  work: async (_, id) => id,
  settle: async ({ knex }, ids) => void (await knex('errands').whereIn('id', ids).delete()),
};
let outcomes: string[] = [];
let inHand = 0;
const metrics = {
  inHand(_: string, change: number) {
    inHand += change;
  },
  worked: (_: string, outcome: string) => void outcomes.push(outcome),
};
const start = (own: Partial<typeof errands> = {}) =>
  startWorkers([{ ...errands, ...own }], { knex, log }, metrics);
const add = (count: number) =>
  knex('errands').insert(Array.from({ length: count }, (_, index) => ({ id: index + 1 })));
const left = async () => Number((await knex('errands').count('* as n').first())!.n);

describe('a worker', () => {
  it('works at each row once, however many processes there are, and at so many at once', async () => {
    await add(60);
    const worked: number[] = [];
    let atOnce = 0;
    let most = 0;
    const work = async (_: Tools, id: number) => {
      most = Math.max(most, ++atOnce);
      worked.push(id);
      await knex.raw('select pg_sleep(0.005)');
      atOnce -= 1;
      return id;
    };
    const running = [start({ work }), start({ work })];
    await eventually(async () => (await left()) === 0);
    await Promise.all(running.map(one => one.stop()));
    expect(worked.toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
    expect(most).toBeLessThanOrEqual(8);
  });

  it('looks as soon as a transaction commits that woke it', async () => {
    const running = start();
    const began = performance.now();
    for (let id = 1; id <= 5; id++) {
      await knex.transaction(async db => {
        await db('errands').insert({ id });
        wakeAfterCommit(db, errands);
      });
      await eventually(async () => (await left()) === 0);
    }
    // By itself it looks once a second.
    expect(performance.now() - began).toBeLessThan(3_000);
    await running.stop();
  });

  it('leaves a row whose work fails to a later claim, and goes on with the others', async () => {
    await add(3);
    const running = start({
      work: async (_, id) => {
        if (id === 2) throw new Error('lost');
        return id;
      },
    });
    await eventually(async () => (await left()) === 1);
    await running.stop();
    expect(await knex('errands').pluck('id')).toEqual([2]);
  });

  it('writes down later what it could not write down at once, and works at nothing twice', async () => {
    await add(4);
    const worked: number[] = [];
    let failures = 2;
    const running = start({
      work: async (_, id) => {
        worked.push(id);
        return id;
      },
      async settle(tools, ids) {
        if (failures-- > 0) throw new Error('away');
        await errands.settle!(tools, ids);
      },
    });
    await eventually(async () => (await left()) === 0);
    await running.stop();
    expect(worked).toHaveLength(4);
  });

  it('ends the work in hand and writes it down before it stops', async () => {
    await add(1);
    const begun = Promise.withResolvers<void>();
    const running = start({
      async work(_, id) {
        begun.resolve();
        await knex.raw('select pg_sleep(0.05)');
        return id;
      },
    });
    await begun.promise;
    await running.stop();
    expect(await left()).toBe(0);
  });

  it('tells metrics what came of each row and how many are in hand', async () => {
    await add(3);
    const work = async (_: Tools, id: number) => {
      if (id === 2) throw new Error('no');
      return id;
    };
    const running = start({ work, outcomeOf: id => (id === 1 ? 'first' : 'other') });
    await eventually(() => outcomes.length === 3 && inHand === 0);
    await running.stop();
    expect(outcomes.toSorted()).toEqual(['failed', 'first', 'other']);
  });
});
