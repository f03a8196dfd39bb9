import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { anonymous } from '@rivergate/caller';
import { acrossOrganizations, bindCaller, emitterOf } from '@rivergate/endpoint';
import { connectDatabase, defineService, migrateService } from '@rivergate/service';
import { eventually, type TestEnvironment, testEnvironment } from '@rivergate/testing';
import { Redis } from 'ioredis';
import type { Knex } from 'knex';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobRow } from '../job.ts';
import { migrations, texts, writingNotes } from '../testing/notes.ts';
import { CRASH_POINTS, type VictimEnvironment } from './victim.ts';

const PATIENCE = 60_000;
const ITEMS = 25;
const definition = defineService({
  name: 'policy',
  modules: [{ tag: 'Notes', jobKinds: [writingNotes], migrations }],
});

let environment: TestEnvironment;
let knex: Knex;
const victims = new Set<ChildProcess>();

beforeEach(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('policy').DATABASE_URL!, 'crash test', 4);
  await migrateService(definition, knex);
  await knex.raw('create table calls (key text)');
});
afterEach(async () => {
  await Promise.all([...victims].map(kill));
  await knex?.destroy();
  await environment?.remove();
});

function start(crash: Partial<VictimEnvironment> = {}): ChildProcess {
  const env = { ...environment.of('policy'), ...crash };
  const victim = spawn(process.execPath, ['--no-warnings', join(import.meta.dirname, 'victim.ts')], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  victims.add(victim);
  return victim;
}

/** @returns the signal that ended it */
async function ended(victim: ChildProcess): Promise<NodeJS.Signals | null> {
  if (victim.exitCode === null && victim.signalCode === null)
    await new Promise(resolve => victim.once('exit', resolve));
  victims.delete(victim);
  return victim.signalCode;
}

async function kill(victim: ChildProcess): Promise<void> {
  victim.kill('SIGKILL');
  await ended(victim);
}

async function write(count = ITEMS): Promise<number> {
  const caller = { ...anonymous(), kind: 'user', userId: 7, organizationId: 1 } as const;
  const request = { id: 'test', ip: null, userAgent: null, traceparent: null };
  const started = await knex.transaction(async db => {
    await bindCaller(db, caller);
    const emit = emitterOf(db, caller, request, 'policy', []);
    return await writingNotes.start(
      { db, emit, caller, request },
      { input: { prefix: '' }, items: texts(count) },
    );
  });
  return started.data.id;
}

const across = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });
const job = (id: number): Promise<JobRow> => across(db => db('jobs').where({ id }).first());
const progressOf = async (id: number) => (await job(id)).done;

/** Every item done once, with its result and its event; nothing waits any more. */
async function expectNothingLostOrDoubled(id: number, count = ITEMS): Promise<void> {
  await eventually(async () => (await job(id)).finished_at !== null, 'the job to end', PATIENCE);
  expect(await job(id)).toMatchObject({ status: 'completed', done: count, failed: 0, skipped: 0 });
  const wanted = texts(count).map(({ text }) => text);
  expect(await across(db => db('notes').orderBy('id').pluck('text'))).toEqual(wanted);
  const results = await across(db => db('job_items').where('job_id', id).orderBy('id').pluck('result'));
  expect(results.map(({ note_id }) => note_id)).toHaveLength(new Set(results.map(r => r.note_id)).size);
  // However often something elsewhere was asked for, it was so under one key for each item.
  expect(new Set(await knex('calls').pluck('key')).size).toBe(count);
  const events = await knex('outbox').whereRaw("event->>'type' = 'policy.job.finished'");
  expect(events).toHaveLength(1);
}

describe('kill -9 loses no item and does none twice', { timeout: 90_000 }, () => {
  it.for(CRASH_POINTS)('%s', async point => {
    const id = await write();
    const CRASH_AFTER = point.startsWith('item') ? '7' : '0';
    expect(await ended(start({ CRASH_AT: point, CRASH_AFTER }))).toBe('SIGKILL');
    expect(await progressOf(id)).toBeLessThan(ITEMS);
    start();
    await expectNothingLostOrDoubled(id);
  });

  it('again and again, at any moment, with two workers', async () => {
    const count = 400;
    const id = await write(count);
    let running = [start(), start()];
    for (let kills = 0; kills < 4; kills++) {
      const progress = (await progressOf(id)) + randomInt(1, 60);
      await eventually(async () => (await progressOf(id)) >= progress, 'progress', PATIENCE);
      const [unlucky, other] = kills % 2 ? running : running.toReversed();
      await kill(unlucky!);
      running = [other!, start()];
    }
    await expectNothingLostOrDoubled(id, count);
  });

  it('and an item that ends its worker each time is given up, while the others are done', async () => {
    const id = await write(3);
    for (let tries = 0; tries < writingNotes.spec.attempts; tries++) {
      const victim = start({ CRASH_AT: 'item: before its transaction', CRASH_AFTER: '0' });
      expect(await ended(victim)).toBe('SIGKILL');
      await across(db =>
        db('jobs')
          .where({ id })
          .update({ leased_until: db.raw("now() - interval '1 second'") }),
      );
    }
    start();
    await eventually(async () => (await job(id)).finished_at !== null, 'the job to end', PATIENCE);
    expect(await job(id)).toMatchObject({ status: 'completed', done: 2, failed: 1 });
    const [first] = await across(db => db('job_items').where('job_id', id).orderBy('id'));
    expect(first).toMatchObject({ outcome: 'failed', error: { code: 'JOB_ITEM_ABANDONED' } });
  });
});

describe('an alarm clock that is lost', { timeout: 90_000 }, () => {
  it('is set again: Redis is emptied midway', async () => {
    const count = 300;
    const id = await write(count);
    start();
    const redis = new Redis(environment.redisUrl);
    for (const progress of [20, 100, 200]) {
      await eventually(async () => (await progressOf(id)) >= progress, 'progress', PATIENCE);
      await redis.flushdb();
    }
    redis.disconnect();
    await expectNothingLostOrDoubled(id, count);
  });
});
