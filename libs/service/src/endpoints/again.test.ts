import { endpoints, error } from '@rivergate/endpoint';
import { event } from '@rivergate/events';
import { expectError, nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const Stale = error('STALE', 409, 'What was prepared no longer holds');

const thingDone = event({
  type: 'prompt.thing.done',
  version: 1,
  audit: 'thing.done',
  summary: 'A thing was done',
  data: z.object({ thing_id: z.int() }),
});

/** Of the tries of a request: which one fails, and where. */
let failing: Record<number, 'handler' | 'commit'>;
let tries: string[];
let committed: string[];

const doThing = endpoint(
  {
    operation: 'doThing',
    method: 'post',
    path: '/things',
    summary: 'Tried again where it fails the first time',
    caller: 'public',
    answer: z.object({ by: z.string() }),
    errors: [Stale],
    idempotency: false,
  },
  {
    prepare: async () => 'memory',
    async handle({ prepared, db, emit, afterCommit }) {
      tries.push(prepared);
      await db('things').insert({ text: prepared });
      await emit(thingDone, { aggregateId: 1, data: { thing_id: tries.length } });
      afterCommit(async () => void committed.push(prepared));
      const failure = failing[tries.length];
      if (failure === 'handler') throw Stale();
      // The constraint is looked at when the transaction is committed.
      if (failure === 'commit') await db('things').insert({ text: 'twice' });
      return { by: prepared };
    },
    again: ({ prepared }) =>
      prepared === 'memory' ? 'the row' : prepared === 'the row' ? 'once more' : undefined,
  },
);

const definition = defineService({
  name: 'prompt',
  modules: [
    {
      tag: 'Things',
      endpoints: [doThing],
      migrations: [
        {
          name: '0001_things',
          async up(knex) {
            await knex.raw('create table things (text text unique deferrable initially deferred)');
            await knex('things').insert({ text: 'twice' });
          },
        },
      ],
      personalData: [],
    },
  ],
});

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(definition);
});
afterAll(() => service?.stop());
beforeEach(async () => {
  [failing, tries, committed] = [{}, [], []];
  await service.resources.knex('things').whereNot({ text: 'twice' }).delete();
});

const post = () => service.as(nobody()).post('/api/v1/things');
const things = () => service.resources.knex('things').orderBy('text').pluck('text');
const told = () =>
  service.resources.knex.transaction(async db => {
    await db.raw("select set_config('rivergate.scope', 'platform', true)");
    return db('audit_log')
      .orderBy('id', 'desc')
      .first('metadata')
      .then(entry => entry?.metadata.thing_id);
  });
const entries = async () =>
  service.resources.knex.transaction(async db => {
    await db.raw("select set_config('rivergate.scope', 'platform', true)");
    return (await db('audit_log').pluck('id')).length;
  });

it('what succeeds is carried out once', async () => {
  expect((await post().expect(200)).body.data).toEqual({ by: 'memory' });
  expect([tries, committed, await things()]).toEqual([['memory'], ['memory'], ['memory', 'twice']]);
});

it.each(['handler', 'commit'] as const)(
  'what fails in the %s is carried out by what is prepared anew, and leaves nothing of the first try',
  async where => {
    failing = { 1: where };
    const before = await entries();
    expect((await post().expect(200)).body.data).toEqual({ by: 'the row' });
    expect([tries, committed, await things()]).toEqual([
      ['memory', 'the row'],
      ['the row'],
      ['the row', 'twice'],
    ]);
    expect([await told(), (await entries()) - before]).toEqual([2, 1]);
  },
);

it('what fails a second time has failed, whatever could be prepared then', async () => {
  failing = { 1: 'commit', 2: 'handler' };
  const before = await entries();
  expectError(await post(), 409, 'STALE');
  expect([tries, committed, await things(), await entries()]).toEqual([
    ['memory', 'the row'],
    [],
    ['twice'],
    before,
  ]);
});
