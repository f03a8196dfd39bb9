import { acrossOrganizations, endpoints, Id } from '@rivergate/endpoint';
import {
  credentialCaller,
  eventually,
  nobody,
  signedIn,
  type TestAnswer,
  type TestCaller,
  type TestEnvironment,
  testEnvironment,
} from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, type RunningService, startService, tenantTable } from '../index.ts';
import { listeningWay } from './testing/listening-way.ts';

const endpoint = endpoints();
const texts = { caller: 'public', answer: z.object({ texts: z.array(z.string()) }) } as const;

const list = endpoint(
  { ...texts, operation: 'list', method: 'get', path: '/notes', summary: 'What is visible' },
  async ({ db }) => ({ texts: await db('notes').orderBy('text').pluck('text') }),
);
const listTwice = endpoint(
  { ...texts, operation: 'listTwice', method: 'get', path: '/notes/twice', summary: 'Two queries' },
  async ({ db }) => ({
    texts: [...(await db('notes').pluck('text')), ...(await db('notes').orderBy('id').pluck('text'))],
  }),
);
const listAcross = endpoint(
  { ...texts, operation: 'listAcross', method: 'get', path: '/notes/across', summary: 'Everything' },
  async ({ db }) => {
    const own = await db('notes').pluck('text');
    await acrossOrganizations(db);
    return { texts: [...own, '|', ...(await db('notes').orderBy('text').pluck('text'))] };
  },
);
const first = endpoint(
  { ...texts, operation: 'first', method: 'get', path: '/notes/first', summary: 'All columns' },
  async ({ db }) => ({ texts: [(await db('notes').orderBy('id').first()).text] }),
);
const later = endpoint(
  { ...texts, operation: 'later', method: 'get', path: '/later', summary: 'A table that is not there yet' },
  async ({ db }) => ({ texts: await db('later').pluck('text') }),
);
const ATTACKS = [
  'throw',
  'error',
  'kill',
  'timeout',
  'across',
  'write',
  'read-write',
  'transaction',
] as const;
const attack = endpoint(
  {
    ...texts,
    operation: 'attack',
    method: 'get',
    path: '/attacks/:attack',
    summary: 'Goes wrong when something is bound',
    params: z.object({ attack: z.enum(ATTACKS) }),
  },
  async ({ db, params }) => {
    await acrossOrganizations(db);
    const found = await db('notes').pluck('text');
    const go: Record<(typeof ATTACKS)[number], () => PromiseLike<unknown>> = {
      throw: () => Promise.reject(new Error('thrown')),
      error: () => db.raw('select 1 / 0'),
      kill: () => db.raw('select pg_terminate_backend(pg_backend_pid())'),
      timeout: () => db.raw('select pg_sleep(30)').timeout(20),
      across: () => Promise.resolve(),
      write: () => db('notes').insert({ organization_id: 1, text: 'written by a read' }),
      'read-write': () => db.raw("select set_config('transaction_read_only', 'off', true)"),
      transaction: () => db.transaction(async nested => nested('notes').pluck('text')),
    };
    await go[params.attack]();
    return { texts: found };
  },
);
const write = endpoint(
  {
    operation: 'write',
    method: 'get',
    path: '/touch/:id',
    summary: 'A GET that writes',
    caller: 'public',
    writes: true,
    params: z.object({ id: Id }),
    answer: z.object({ touched: z.int() }),
  },
  async ({ db, params }) => ({
    touched: await db('notes')
      .where(params)
      .update({ text: db.ref('text') }),
  }),
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Notes',
      endpoints: [list, listTwice, listAcross, first, later, attack, write],
      migrations: [
        {
          name: '0001_notes',
          async up(knex) {
            await knex.schema.createTable('notes', table => {
              table.specificType('id', 'bigint generated always as identity primary key');
              table.bigInteger('organization_id').notNullable();
              table.text('text').notNullable();
            });
            await knex('notes').insert([
              { organization_id: 1, text: 'one' },
              { organization_id: 2, text: 'two' },
            ]);
            await tenantTable(knex, 'notes');
          },
        },
      ],
    },
  ],
});

describe.each(['on', 'off'])('a read, with prepared statements %s', prepared => {
  let environment: TestEnvironment;
  let way: Awaited<ReturnType<typeof listeningWay>>;
  let service: RunningService;
  let superuser: pg.Client;
  beforeAll(async () => {
    environment = await testEnvironment([definition]);
    const url = new URL(environment.of('policy').DATABASE_URL!);
    way = await listeningWay(Number(url.port), url.hostname);
    url.port = String(way.port);
    service = await startService(definition, {
      ...environment.of('policy'),
      NODE_ENV: 'production',
      DATABASE_URL: url.href,
      DATABASE_POOL: '2',
      DATABASE_PREPARED: prepared,
    });
    superuser = new pg.Client({ connectionString: environment.databaseAdminUrl });
    await superuser.connect();
  });
  afterAll(async () => {
    await superuser?.end();
    await service?.stop();
    way?.server.close();
    await environment?.remove();
  });

  const as = (organizationId: number | null): TestCaller => {
    const principal = organizationId === null ? nobody() : signedIn({ userId: 7, organizationId });
    return credentialCaller(environment.of('gateway'), service.url, 'policy', principal);
  };
  /** What a read shows, once no connection is left that has just ended. */
  const seen = async (organizationId: number | null, path = '/notes') => {
    let answer: TestAnswer | undefined;
    await eventually(async () => {
      answer = await as(organizationId).get(`/api/v1${path}`);
      return answer.status !== 503;
    }, 'a connection to the database');
    return answer?.body.data?.texts;
  };

  it('sees what its caller may see, and nobody sees nothing', async () => {
    expect(await seen(1)).toEqual(['one']);
    expect(await seen(2)).toEqual(['two']);
    expect(await seen(null)).toEqual([]);
    expect(await seen(1, '/notes/across')).toEqual(['one', '|', 'one', 'two']);
  });

  it('waits for PostgreSQL once for each query and for nothing else', async () => {
    const bindingAndQuery = prepared === 'on' ? 'BEBDES' : 'PBEPBDES';
    for (let warm = 0; warm < 4; warm++) await seen(1, '/notes/twice');
    await seen(1);
    await seen(1);
    way.taken();
    expect(await seen(1)).toEqual(['one']);
    expect(way.taken()).toBe(bindingAndQuery);
    expect(await seen(1, '/notes/twice')).toEqual(['one', 'one']);
    expect(way.taken()).toBe(bindingAndQuery.repeat(2));
  });

  it('leaves no transaction open and no connection bound', async () => {
    await Promise.all(Array.from({ length: 10 }, () => seen(1, '/notes/across')));
    const { knex } = service.resources;
    const settings = await Promise.all(
      Array.from({ length: 10 }, () =>
        knex.raw(
          `select coalesce(current_setting('rivergate.organization_id', true), '') as organization,
             coalesce(current_setting('rivergate.user_id', true), '') as "user",
             coalesce(current_setting('rivergate.scope', true), '') as scope,
             current_setting('transaction_read_only') as read_only`,
        ),
      ),
    );
    for (const { rows } of settings)
      expect(rows).toEqual([{ organization: '', user: '', scope: '', read_only: 'off' }]);
    const { rows } = await superuser.query(
      "select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
    );
    expect(rows[0].open).toBe(0);
  });

  it.each(ATTACKS)('that goes wrong by %s leaves the next ones with their own binding', async attack => {
    const attacks = Array.from({ length: 10 }, () => as(1).get(`/api/v1/attacks/${attack}`));
    const others = Array.from({ length: 10 }, (_, index) =>
      as([1, 2, null][index % 3]!).get('/api/v1/notes'),
    );
    const allowed = [['one'], ['two'], []];
    for (const [index, answer] of (await Promise.all(others)).entries()) {
      // A connection that ends may take along the statement of another request, never show it more.
      if (answer.status === 200) expect(answer.body.data.texts).toEqual(allowed[index % 3]);
    }
    const statuses = new Set((await Promise.all(attacks)).map(({ status }) => status));
    expect(statuses).not.toContain(attack === 'across' ? 500 : 200);
    for (let round = 0; round < 4; round++) {
      expect(await seen(null)).toEqual([]);
      expect(await seen(2)).toEqual(['two']);
      expect(await seen(1)).toEqual(['one']);
    }
    expect(Number((await superuser.query('select from policy.notes')).rowCount)).toBe(2);
  });

  it('whose connections are killed from outside shows nobody more than before', async () => {
    const reads = Array.from({ length: 30 }, (_, index) => as([1, 2, null][index % 3]!).get('/api/v1/notes'));
    await superuser.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rivergate-policy' and datname = current_database()",
    );
    const allowed = [['one'], ['two'], []];
    for (const [index, { status, body }] of (await Promise.all(reads)).entries()) {
      expect([200, 503]).toContain(status);
      if (status === 200) expect(body.data.texts).toEqual(allowed[index % 3]);
    }
    expect(await seen(2)).toEqual(['two']);
  });

  it('survives a statement that PostgreSQL could not prepare', async () => {
    for (let time = 0; time < 4; time++) expect((await as(1).get('/api/v1/later')).status).toBe(500);
    await superuser.query('create table policy.later (text text); grant select on policy.later to public');
    for (let time = 0; time < 4; time++) expect(await seen(1, '/later')).toEqual([]);
    expect(await seen(1)).toEqual(['one']);
  });

  it('survives that a session has forgotten what it prepared', async () => {
    const { knex } = service.resources;
    await Promise.all(Array.from({ length: 10 }, () => knex.raw('deallocate all')));
    await eventually(async () => (await as(1).get('/api/v1/notes')).status === 200, 'a new connection');
    await eventually(async () => (await as(1).get('/api/v1/notes')).status === 200, 'the other one');
    expect(await seen(2)).toEqual(['two']);
  });

  it('of all columns survives a migration that adds one', async () => {
    for (let time = 0; time < 4; time++) expect(await seen(2, '/notes/first')).toEqual(['two']);
    await superuser.query('alter table policy.notes add column added text');
    expect(await seen(2, '/notes/first')).toEqual(['two']);
  });

  it('that is declared to write has a transaction of its own, bound as any other', async () => {
    const touched = async (organizationId: number) =>
      (await as(organizationId).get('/api/v1/touch/1')).body.data.touched;
    expect(await touched(1)).toBe(1);
    expect(await touched(2)).toBe(0);
  });

  it(`${prepared === 'on' ? 'keeps' : 'keeps no'} prepared statements`, async () => {
    for (let time = 0; time < 4; time++) await seen(1);
    const { rows } = await service.resources.knex.raw('select count(*) as count from pg_prepared_statements');
    expect(rows[0].count > 0).toBe(prepared === 'on');
  });
});
