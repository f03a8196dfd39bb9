import type { Principal } from '@rivergate/caller';
import {
  deletion,
  type EndpointSpec,
  endpoints,
  Id,
  organizationList,
  platformList,
  sorting,
} from '@rivergate/endpoint';
import {
  administrator,
  nobody,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineService } from './index.ts';

const endpoint = endpoints();
const Stone = z.object({ id: Id, name: z.string() });
const stones = organizationList('stones', Stone, sorting(['name', 'id']));
const pebbles = platformList('pebbles', Stone);
const removed = deletion('stone');

const list = endpoint(
  {
    operation: 'listStones',
    method: 'get',
    path: '/stones',
    summary: 'List stones',
    caller: 'public',
    query: stones.query,
    answer: stones.answer,
    message: 'Stones listed',
    messageInData: true,
  },
  ({ db, query }) =>
    stones.page(db('stones').where('id', '<=', 25), query, {
      read: found => found.select('id', 'name').orderBy(query.sort_by, query.sort_order),
    }),
);
const listPages = endpoint(
  {
    operation: 'listPebbles',
    method: 'get',
    path: '/pebbles',
    summary: 'List pebbles',
    caller: 'public',
    query: pebbles.query,
    answer: pebbles.answer,
  },
  ({ db, query }) =>
    pebbles.page(db('stones'), query, {
      read: found => found.select('id').orderBy('id'),
      show: ({ id }: { id: number }) => ({ id, name: `pebble ${id}` }),
    }),
);
const remove = endpoint(
  {
    operation: 'removeStone',
    method: 'delete',
    path: '/stones/:stone_id',
    summary: 'Remove a stone',
    caller: 'user',
    params: z.object({ stone_id: Id }),
    answer: removed.answer,
    message: 'Stone removed',
  },
  async ({ params }) => removed.of(params.stone_id),
);
const polish = endpoint(
  {
    operation: 'polishStones',
    method: 'post',
    path: '/stones/polish',
    summary: 'Polish the stones',
    caller: 'user',
    message: 'Polished',
    messageInData: true,
  },
  async () => {},
);
const here = endpoint(
  {
    operation: 'getPlace',
    method: 'get',
    path: '/stones/here',
    summary: 'Where one is',
    caller: 'user',
    activeOrganization: true,
    answer: z.object({ organization_id: Id, user_id: Id }),
  },
  async ({ caller }) => ({ organization_id: caller.organizationId, user_id: caller.userId }),
);
const there = endpoint(
  {
    operation: 'getOtherPlace',
    method: 'get',
    path: '/organizations/:org_id/stones',
    summary: 'Where the path leads',
    caller: 'user',
    params: z.object({ org_id: Id }),
    answer: z.object({ organization_id: Id }),
  },
  async ({ caller }) => ({ organization_id: caller.organizationId }),
);
const old = endpoint(
  {
    operation: 'getRocks',
    method: 'get',
    path: '/rocks',
    summary: 'What stones were',
    caller: 'user',
    deprecated: { since: '2026-01-31', sunset: '2027-06-30', link: 'https://example.com/stones' },
    status: 204,
  },
  async () => {},
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Stones',
      endpoints: [list, listPages, remove, polish, here, there, old],
      migrations: [
        {
          name: '0001_stones',
          async up(knex) {
            await knex.raw(`
              create table stones (id bigint primary key, name text not null);
              insert into stones select n, 'stone ' || n from generate_series(1, 45) n;
            `);
          },
        },
      ],
    },
  ],
});

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(definition);
});
afterAll(() => service?.stop());

const someone = (facts: Partial<Omit<Principal, 'userId'>> = {}) =>
  service.as(signedIn({ userId: 7, ...facts }));
const get = async (path: string) => (await service.as(nobody()).get(`/api/v1${path}`)).body;

describe('a list of the organization family', () => {
  it('takes skip and limit and says how many there are', async () => {
    const { data } = await get('/stones?skip=20&limit=10&sort_by=id');
    expect(data.stones.map(({ id }: { id: number }) => id)).toEqual([21, 22, 23, 24, 25]);
    expect(data.total_count).toBe(25);
  });
  it('sorts by what it declares and by nothing else', async () => {
    const { data } = await get('/stones?limit=1&sort_by=id&sort_order=desc');
    expect(data.stones).toEqual([{ id: 25, name: 'stone 25' }]);
    const first = await get('/stones?limit=1');
    expect(first.data.stones[0].name).toBe('stone 1');
    for (const query of ['sort_by=colour', 'sort_order=up', 'limit=101', 'skip=-1', 'page=1'])
      expect((await get(`/stones?${query}`)).error.code, query).toBe('VALIDATION_ERROR');
  });
});

describe('a list of the platform family', () => {
  it('takes page and page_size and says which page of how many it is', async () => {
    const { data } = await get('/pebbles?page=3');
    expect(data.pebbles).toHaveLength(5);
    expect(data.pebbles[0]).toEqual({ id: 41, name: 'pebble 41' });
    expect(data.pagination).toEqual({
      page: 3,
      page_size: 20,
      total_items: 45,
      total_pages: 3,
      has_next: false,
      has_previous: true,
    });
    expect((await get('/pebbles?page=9')).data.pebbles).toEqual([]);
    expect((await get('/pebbles?page_size=101')).error.code).toBe('VALIDATION_ERROR');
  });
});

describe('a deletion', () => {
  it('answers what was deleted, by kind and id', async () => {
    const { body } = await someone().delete('/api/v1/stones/3');
    expect(body).toEqual({ success: true, data: { stone: { id: 3 } }, message: 'Stone removed' });
  });
});

describe('the message', () => {
  it('is added to the data by the library where the declaration says so, and to its schema', async () => {
    expect((await get('/stones?limit=1')).data.message).toBe('Stones listed');
    expect((await someone().post('/api/v1/stones/polish')).body.data).toEqual({ message: 'Polished' });
    const { body } = await service.as(nobody()).get('/internal/manifest');
    const answer = JSON.stringify(body.openapi.paths['/api/v1/stones/polish'].post.responses['200']);
    expect(answer).toContain('"required":["message"]');
  });
});

describe('the caller that a handler sees', () => {
  it('is in the active organization where the endpoint needs one, and 404 without', async () => {
    const inside = await someone({ organizationId: 3 }).get('/api/v1/stones/here');
    expect(inside.body.data).toEqual({ organization_id: 3, user_id: 7 });
    const { status, body } = await someone({ organizationId: null }).get('/api/v1/stones/here');
    expect([status, body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    expect(body.error.message).toContain('No organization is active');
  });
  it('is in the organization that the path names, also as a system administrator of none', async () => {
    const path = '/api/v1/organizations/5/stones';
    const admin = service.as(administrator({ userId: 1, organizationId: 5 }));
    expect((await admin.get(path)).body.data.organization_id).toBe(5);
    const everywhere = someone({ organizationId: null, isMember: false, isSystemAdmin: true });
    expect((await everywhere.get(path)).body.data.organization_id).toBe(5);
    const elsewhere = someone({ organizationId: 6, isMember: true, isAdmin: true, isSystemAdmin: true });
    expect((await elsewhere.get(path)).status).toBe(404);
  });
  it('is as certain in its type as the declaration makes it', () => {
    const base = { operation: 'x', method: 'get', path: '/x', summary: 'x', status: 204 } as const;
    const inPath = { params: z.object({ org_id: Id }) };
    endpoint({ ...base, caller: 'public' }, async ({ caller }) => {
      expectTypeOf(caller.userId).toEqualTypeOf<number | null>();
    });
    endpoint({ ...base, caller: 'perm:role.write' }, async ({ caller }) => {
      expectTypeOf(caller.userId).toEqualTypeOf<number>();
      expectTypeOf(caller.organizationId).toEqualTypeOf<number | null>();
    });
    endpoint({ ...base, ...inPath, caller: 'admin' }, async ({ caller }) => {
      expectTypeOf(caller.organizationId).toEqualTypeOf<number>();
    });
    endpoint({ ...base, caller: 'internal', callers: ['gateway'] }, async ({ caller }) => {
      expectTypeOf(caller.service).toEqualTypeOf<string>();
      expectTypeOf(caller.userId).toEqualTypeOf<number | null>();
    });
  });
});

describe('an endpoint that goes away', () => {
  const announced = {
    deprecation: '@1769817600',
    sunset: 'Wed, 30 Jun 2027 00:00:00 GMT',
    link: '<https://example.com/stones>; rel="deprecation"; type="text/html"',
  };
  it('says so on every answer, also on a refusal (RFC 9745, RFC 8594)', async () => {
    for (const caller of [someone(), service.as(nobody())]) {
      const { headers, status } = await caller.get('/api/v1/rocks');
      expect([204, 401]).toContain(status);
      for (const [name, value] of Object.entries(announced)) expect(headers.get(name), name).toBe(value);
    }
    expect((await service.as(nobody()).get('/api/v1/stones')).headers.has('deprecation')).toBe(false);
  });
});

describe('a declaration that contradicts itself', () => {
  const base = {
    operation: 'x',
    method: 'post',
    path: '/x',
    summary: 'x',
    caller: 'user',
    status: 204,
  } as const;
  const flawed: [string, Partial<EndpointSpec>, RegExp][] = [
    [
      'needs an organization of nobody',
      { caller: 'public', activeOrganization: true },
      /active organization/,
    ],
    [
      'acts in one organization and in all',
      { activeOrganization: true, everyOrganization: true },
      /all organizations and in one/,
    ],
    ['says that it writes and is not safe', { writes: true }, /not safe/],
    ['repeats no message', { messageInData: true }, /message/],
    ['repeats its message in text', { messageInData: true, message: 'x', answer: z.string() }, /no object/],
    ['spends what it does not take', { idempotency: { seconds: 60, spends: 'body.token' } }, /body\.token/],
    ['ends before it was announced', { deprecated: { since: '2027-01-02', sunset: '2027-01-01' } }, /before/],
    ['ends on no day', { deprecated: { since: '2027-01-02', sunset: '2027-02-30' } }, /no date/],
  ];
  it.each(flawed)('is refused when it is made: %s', (_, more, message) => {
    expect(() => endpoint({ ...base, ...more } as EndpointSpec, async () => undefined as never)).toThrow(
      message,
    );
  });
});
