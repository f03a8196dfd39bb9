import { eventually, type TestEnvironment, testEnvironment } from '@rivergate/testing';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from './database/connect.ts';
import { createLog } from './log.ts';
import { type Schedule, startSchedules } from './schedule.ts';

const log = createLog('schedules', 'silent');
let environment: TestEnvironment;
let knex: Knex;
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('policy').DATABASE_URL!, 'schedules', 2);
});
afterAll(async () => {
  await knex.destroy();
  await environment.remove();
});

type Tools = { knex: Knex; log: typeof log };
const start = (schedules: Schedule<Tools>[]) => startSchedules(schedules, { knex, log });

describe('schedules', () => {
  it('that are due at the same time with fewer connections than schedules do not wait for each other in vain', async () => {
    const done: number[] = [];
    const schedules = Array.from({ length: 10 }, (_, index) => ({
      name: `schedule ${index}`,
      every: 0.01,
      run: async ({ knex }: Tools) => {
        await knex.transaction(async db => {
          await db.raw('select 1');
          await knex.raw('select 1');
        });
        done.push(index);
      },
    }));
    const running = start(schedules);
    await eventually(() => new Set(done).size === schedules.length, 'every schedule to have run');
    await running.stop();
  });

  it('run one after the other', async () => {
    let atOnce = 0;
    let most = 0;
    let runs = 0;
    const schedule = (name: string): Schedule<Tools> => ({
      name,
      every: 0.005,
      async run({ knex }) {
        atOnce += 1;
        most = Math.max(most, atOnce);
        await knex.raw('select pg_sleep(0.01)');
        atOnce -= 1;
        runs += 1;
      },
    });
    const running = start([schedule('a'), schedule('b'), schedule('c')]);
    await eventually(() => runs >= 9, 'nine runs');
    await running.stop();
    expect(most).toBe(1);
  });

  it('run in one process at once, and in another after that one has gone', async () => {
    const ran: string[] = [];
    let holding = () => {};
    const held = new Promise<void>(resolve => {
      holding = resolve;
    });
    const schedule = (process: string, run: () => Promise<void>): Schedule<Tools> => ({
      name: 'exclusive',
      every: 0.01,
      async run() {
        ran.push(process);
        await run();
      },
    });
    const first = start([schedule('first', () => held)]);
    await eventually(() => ran.includes('first'), 'the first process to be at it');
    let looked = 0;
    const second = start([
      schedule('second', async () => {}),
      { name: 'clock', every: 0.01, run: async () => void looked++ },
    ]);
    await eventually(() => looked >= 5, 'the second process to have had its turns');
    expect(ran).toEqual(['first']);
    const stopped = first.stop();
    holding();
    await stopped;
    await eventually(() => ran.includes('second'), 'the second process to take over');
    await second.stop();
  });

  it('come again after one that failed, and after their connection broke', async () => {
    let runs = 0;
    const running = start([
      {
        name: 'failing',
        every: 0.01,
        async run() {
          runs += 1;
          throw new Error('no');
        },
      },
    ]);
    await eventually(() => runs >= 2, 'a second run');
    await knex.raw(
      'select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()',
    );
    const before = runs;
    await eventually(() => runs >= before + 2, 'runs after the connection broke');
    await running.stop();
  });
});
