import { anonymous } from '@rivergate/caller';
import { acrossOrganizations, bindCaller, emitterOf } from '@rivergate/endpoint';
import { connectRedis, type RedisClient } from '@rivergate/redis';
import { connectDatabase, createLog, defineService, migrateService } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';

import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimTurn } from './claim.ts';
import { control } from './control.ts';
import type { JobKind } from './kind.ts';
import { carryOutSlice } from './slice.ts';
import { type Hooks, migrations, texts, writingNotes } from './testing/notes.ts';
import type { Workshop } from './workshop.ts';

const definition = defineService({
  name: 'policy',
  modules: [{ tag: 'Notes', jobKinds: [writingNotes], migrations }],
});
const caller = { ...anonymous(), kind: 'user', userId: 7, organizationId: 1 } as const;
const request = { id: 'test', ip: null, userAgent: null, traceparent: null };
const kinds = new Map([[writingNotes.spec.name, writingNotes as JobKind]]);
const log = createLog('fence', 'silent');

let environment: TestEnvironment;
let knex: Knex;
let redis: RedisClient;
const hooks: Hooks = {};
beforeAll(async () => {
  environment = await testEnvironment();
  knex = connectDatabase(environment.of('policy').DATABASE_URL!, 'fence test', 6);
  redis = connectRedis(environment.redisUrl, log, 'waits');
  await migrateService(definition, knex);
});
afterAll(async () => {
  redis?.disconnect();
  await knex?.destroy();
  await environment?.remove();
});
beforeEach(async () => {
  delete hooks.after;
  await across(async db => {
    await db('jobs').delete();
    await db('notes').delete();
  });
});

const across = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });
const asCaller = <Result>(
  work: (work: { db: Knex.Transaction; emit: ReturnType<typeof emitterOf> }) => Promise<Result>,
) =>
  knex.transaction(async db => {
    await bindCaller(db, caller);
    return await work({ db, emit: emitterOf(db, caller, request, 'policy', []) });
  });
const write = async (count: number) =>
  (
    await asCaller(work =>
      writingNotes.start({ ...work, caller, request }, { input: { prefix: '' }, items: texts(count) }),
    )
  ).data.id;
const workshop = (): Workshop => ({
  service: 'policy',
  kinds,
  knex,
  redis,
  log,
  tools: { hooks },
  metrics: {},
  standing: async starter => ({ ...starter, isMember: true, permissions: ['policy.write'] }),
});
const work = (turn: NonNullable<Awaited<ReturnType<typeof claimTurn>>>) =>
  carryOutSlice(turn, workshop(), { stopping: () => false, progressed: () => {} });
const lapse = () => across(db => db('jobs').update({ leased_until: db.raw("now() - interval '1 second'") }));
const notes = () => across(db => db('notes').orderBy('id').pluck('text'));

describe('a worker that has lost its lease', () => {
  it('writes nothing: the item that it was at is done by the next one alone', async () => {
    const id = await write(3);
    const stale = (await claimTurn(knex, kinds))!;
    let taken = false;
    hooks.after = async () => {
      if (taken) return;
      taken = true;
      await lapse();
      const next = (await claimTurn(knex, kinds))!;
      expect(next.job.fence).toBeGreaterThan(stale.job.fence);
      await work(next);
    };
    await work(stale);
    expect(await notes()).toEqual(['note 0', 'note 1', 'note 2']);
    expect(await across(db => db('jobs').where({ id }).first())).toMatchObject({
      status: 'completed',
      done: 3,
    });
  });

  it('writes nothing after the job was cancelled without it', async () => {
    const id = await write(3);
    const stale = (await claimTurn(knex, kinds))!;
    hooks.after = async () => {
      await lapse();
      const cancelled = await asCaller(work => control(work, writingNotes as JobKind, id, 'cancel'));
      expect(cancelled.status).toBe('cancelled');
    };
    await work(stale);
    expect(await notes()).toEqual([]);
    expect(await across(db => db('jobs').where({ id }).first())).toMatchObject({ done: 0, skipped: 3 });
  });
});

describe('an item', () => {
  it('whose commit is not answered is not done again', async () => {
    const id = await write(3);
    let items = 0;
    const transaction = async (work: (db: Knex.Transaction) => Promise<unknown>) => {
      const result = await knex.transaction(work);
      // The rights of the starter are read in the first.
      if (++items === 3) throw new Error('Connection terminated unexpectedly');
      return result;
    };
    const turn = (await claimTurn(knex, kinds))!;
    const flaky = { ...workshop(), knex: { transaction } as unknown as Knex };
    await carryOutSlice(turn, flaky, { stopping: () => false, progressed: () => {} });
    expect(await notes()).toEqual(['note 0', 'note 1']);
    await lapse();
    await work((await claimTurn(knex, kinds))!);
    expect(await notes()).toEqual(['note 0', 'note 1', 'note 2']);
    expect(await across(db => db('jobs').where({ id }).first())).toMatchObject({
      status: 'completed',
      done: 3,
    });
  });
});

describe('a job', () => {
  it('is claimed by one of ten workers', async () => {
    await write(3);
    const claims = await Promise.all(Array.from({ length: 10 }, () => claimTurn(knex, kinds)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });
});
