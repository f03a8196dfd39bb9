import { connect, createServer, type Server, type Socket } from 'node:net';
import { endpoints } from '@rivergate/endpoint';
import {
  credentialCaller,
  eventually,
  expectError,
  freePort,
  nobody,
  type TestAnswer,
  type TestCaller,
  type TestEnvironment,
  testEnvironment,
} from '@rivergate/testing';
import type { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineService, type RunningService, startService } from '../index.ts';

const endpoint = endpoints<{ redis: Redis }>();
const count = { answer: z.object({ count: z.int() }), caller: 'public' } as const;

let within = async () => {};
let thrown: unknown;
const write = endpoint(
  { ...count, operation: 'write', method: 'post', path: '/rows', summary: 'Write a row', idempotency: false },
  async ({ db }) => {
    await db('rows').insert({});
    await within();
    return { count: Number((await db('rows').count({ rows: '*' }).first())?.rows) };
  },
);
const writeAndLeave = endpoint(
  {
    ...count,
    operation: 'writeAndLeave',
    method: 'put',
    path: '/rows',
    summary: 'Write a row, the last thing before the commit',
  },
  async ({ db }) => {
    await db('rows').insert({});
    await within();
    return { count: 0 };
  },
);
const askCache = endpoint(
  { ...count, operation: 'askCache', method: 'get', path: '/cache', summary: 'Needs Redis' },
  async ({ redis }) => ({ count: await redis.dbsize() }),
);
const fail = endpoint(
  { ...count, operation: 'fail', method: 'get', path: '/fail', summary: 'Fails' },
  async () => {
    throw thrown;
  },
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Rows',
      endpoints: [write, writeAndLeave, askCache, fail],
      migrations: [
        {
          name: '0001_rows',
          async up(knex) {
            await knex.raw('create table rows (id bigint generated always as identity primary key)');
            await knex.raw('insert into rows default values');
          },
        },
      ],
    },
  ],
});

/** A way to the database that can be cut. */
interface Way {
  port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

async function wayTo(url: URL): Promise<Way> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const way: Way = {
    port,
    async cut() {
      const closed = new Promise<void>(resolve => server?.close(() => resolve()) ?? resolve());
      for (const socket of sockets) socket.destroy();
      await closed;
      server = undefined;
    },
    async mend() {
      server = createServer(client => {
        const database = connect(Number(url.port), url.hostname);
        for (const [socket, other] of [
          [client, database],
          [database, client],
        ] as const) {
          sockets.add(socket);
          socket.on('error', () => {}).on('close', () => sockets.delete(socket) && other.destroy());
        }
        client.pipe(database).pipe(client);
      });
      await new Promise<void>(resolve => server?.listen(port, '127.0.0.1', resolve));
    },
  };
  await way.mend();
  return way;
}

let environment: TestEnvironment;
let way: Way;
let service: RunningService;
let caller: TestCaller;
let superuser: pg.Client;
beforeAll(async () => {
  environment = await testEnvironment();
  const url = new URL(environment.of('policy').DATABASE_URL!);
  way = await wayTo(new URL(url));
  Object.assign(url, { hostname: '127.0.0.1', port: String(way.port) });
  service = await startService(definition, { ...environment.of('policy'), DATABASE_URL: url.href });
  caller = credentialCaller(environment.of('gateway'), service.url, 'policy', nobody());
  superuser = new pg.Client({ connectionString: environment.databaseAdminUrl });
  await superuser.connect();
});
afterEach(() => {
  within = async () => {};
});
afterAll(async () => {
  await service?.stop();
  await way?.cut();
  await superuser?.end();
  await environment?.remove();
});

const terminate = () =>
  superuser.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rivergate-policy' and datname = current_database()",
  );
const rows = async () => Number((await superuser.query('select count(*) from policy.rows')).rows[0].count);
const recovered = () =>
  eventually(async () => (await caller.post('/api/v1/rows')).status === 200, 'the database');

function expectAway(answer: TestAnswer): void {
  expectError(answer, 503, 'UPSTREAM_UNAVAILABLE');
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|terminat/);
}

describe('while PostgreSQL is away, a request', () => {
  it.each([
    ['in its transaction', 'post'],
    ['right before its commit', 'put'],
  ] as const)('that loses its connection %s is 503, and nothing of it stays', async (_, method) => {
    for (const lose of [terminate, () => way.cut()]) {
      await recovered();
      const before = await rows();
      within = async () => {
        within = async () => {};
        await lose();
      };
      expectAway(await caller[method]('/api/v1/rows'));
      expect(await rows()).toBe(before);
      await way.cut();
      await way.mend();
    }
    await recovered();
  });
  it('that finds nobody listening is 503 at once', async () => {
    await way.cut();
    for (const answer of await Promise.all(Array.from({ length: 30 }, () => caller.post('/api/v1/rows')))) {
      expectAway(answer);
    }
    await way.mend();
    await recovered();
  });
  it('that finds no connection free is 503', async () => {
    await superuser.query(`alter database ${superuser.database} connection limit 0`);
    await terminate();
    const answers = [await caller.post('/api/v1/rows'), await caller.post('/api/v1/rows')];
    await superuser.query(`alter database ${superuser.database} connection limit -1`);
    expectAway(answers.at(-1)!);
    await recovered();
  });
  it('is 200 or 503, never 500, whenever its connections end', async () => {
    const answers: TestAnswer[] = [];
    let over = false;
    const load = Array.from({ length: 10 }, async () => {
      while (!over) answers.push(await caller.post('/api/v1/rows'));
    });
    for (let outages = 0; outages < 5; outages++) {
      const seen = answers.length;
      await eventually(
        () => answers.slice(seen).some(({ status }) => status === 200),
        'a request that is answered',
      );
      await terminate();
      await way.cut();
      await eventually(
        () => answers.slice(seen).some(({ status }) => status === 503),
        'a request that is not',
      );
      await way.mend();
    }
    over = true;
    await Promise.all(load);
    for (const answer of answers) if (answer.status !== 200) expectAway(answer);
  });
  it('is logged as a warning, not as an error', async () => {
    const { log } = service.resources;
    const [warned, failed] = [vi.spyOn(log, 'warn'), vi.spyOn(log, 'error')];
    await way.cut();
    expectAway(await caller.post('/api/v1/rows'));
    await way.mend();
    expect(warned.mock.calls.map(([, message]) => message)).toContain('A part that a request needs is away');
    expect(failed.mock.calls.map(([, message]) => message)).not.toContain('A request failed');
    vi.restoreAllMocks();
    await recovered();
  });
});

describe('an endpoint that needs Redis', () => {
  it('is 503 while it is away', async () => {
    const { redis } = service.resources;
    expect((await caller.get('/api/v1/cache')).status).toBe(200);
    redis.disconnect();
    expectAway(await caller.get('/api/v1/cache'));
    await redis.connect();
    expect((await caller.get('/api/v1/cache')).status).toBe(200);
  });
});

describe('what fails', () => {
  const failure = (facts: object) => Object.assign(new Error('at 127.0.0.1'), facts);
  it.each([
    { code: '08006' },
    { code: '53300' },
    { code: '57P01' },
    { code: '57P02' },
    { code: '57P03' },
    { code: 'ECONNREFUSED' },
    { code: 'ECONNRESET' },
    { code: 'ENOTFOUND' },
    { name: 'KnexTimeoutError' },
    { message: 'LOADING Redis is loading the dataset in memory' },
    { message: "OOM command not allowed when used memory > 'maxmemory'." },
    { cause: failure({ code: '57P03' }) },
  ])('because a part is away is 503: %j', async facts => {
    thrown = failure(facts);
    expectAway(await caller.get('/api/v1/fail'));
  });
  it.each([{ code: '23505' }, { code: '42P01' }, { code: '57014' }, { message: 'the LOADING of it' }])(
    'by a mistake of ours stays a 500: %j',
    async facts => {
      thrown = failure(facts);
      expectError(await caller.get('/api/v1/fail'), 500, 'INTERNAL_ERROR');
    },
  );
});
