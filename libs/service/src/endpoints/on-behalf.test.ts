import type { Principal } from '@rivergate/caller';
import { type Call, type EndpointSpec, endpoints, Id, spec } from '@rivergate/endpoint';
import {
  administrator,
  byToken,
  credentialCaller,
  fellowService,
  nobody,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, tenantTable } from '../index.ts';

const endpoint = endpoints();

/** What prompt learned of who asked it last. */
let heard: Partial<Principal> & { request?: { id: string; userAgent: string | null } } = {};

const writeRule = spec({
  owner: 'prompt',
  operation: 'writeRule',
  method: 'post',
  path: '/internal/organizations/:org_id/rules',
  summary: 'Write a rule down for a user',
  caller: 'internal',
  callers: ['policy'],
  onBehalfOf: 'perm:policy.write',
  params: z.object({ org_id: Id }),
  body: z.object({ organization_id: Id.optional() }),
  answer: z.object({ by: Id, in: Id, rules: z.int() }),
  status: 201,
});
const whoAsks = spec({
  owner: 'prompt',
  operation: 'whoAsks',
  method: 'get',
  path: '/internal/asker',
  summary: 'Who asks',
  caller: 'internal',
  callers: ['policy'],
  answer: z.object({ user: Id.nullable() }),
});

const prompt = [
  endpoint(writeRule, async ({ caller, body, request, db }) => {
    heard = { ...caller, request };
    const organization_id = body.organization_id ?? caller.organizationId;
    await db('rules').insert({ organization_id });
    const { rules } = (await db('rules').count('* as rules').first())!;
    return { by: caller.userId, in: caller.organizationId, rules: Number(rules) };
  }),
  endpoint(whoAsks, async ({ caller, request }) => {
    heard = { ...caller, request };
    return { user: caller.userId };
  }),
];

const inOrganization = { params: z.object({ org_id: Id }), caller: 'user' } as const;
const policy = [
  endpoint(
    {
      ...inOrganization,
      operation: 'makeRule',
      method: 'post',
      path: '/organizations/:org_id/rules',
      summary: 'Make a rule',
      body: z.object({ organization_id: Id.optional(), at: Id.optional() }),
      answer: writeRule.answer,
    },
    {
      prepare: ({ call, caller, body: { at = caller.organizationId, ...body } }) =>
        call(writeRule, { params: { org_id: at }, body }),
      handle: async ({ prepared }) => prepared,
    },
  ),
  endpoint(
    {
      operation: 'readRule',
      method: 'get',
      path: '/organizations/:org_id/rules',
      summary: 'x',
      ...inOrganization,
    },
    async ({ call, caller }) => {
      await call(writeRule, { params: { org_id: caller.organizationId }, body: {} });
    },
  ),
  endpoint(
    {
      operation: 'askOpenly',
      method: 'get',
      path: '/asker',
      summary: 'Ask who asks',
      caller: 'public',
      bearer: 'optional',
      answer: whoAsks.answer,
    },
    ({ call }) => call(whoAsks, {}),
  ),
  endpoint(
    { operation: 'forceRule', method: 'post', path: '/forced-rules', summary: 'Force', caller: 'public' },
    // @ts-expect-error nobody is signed in here on whose behalf the rule could be written
    ({ call }) => call(writeRule, { params: { org_id: 1 }, body: {} }),
  ),
];

let service: ServiceUnderTest;
let owner: { url: string };
beforeAll(async () => {
  service = await startServiceUnderTest(
    defineService({
      name: 'policy',
      modules: [{ tag: 'Rules', endpoints: policy }],
    }),
    {
      peers: { prompt },
      migrations: {
        prompt: [
          {
            name: '0001_rules',
            async up(knex) {
              await knex.schema.createTable('rules', table => {
                table.bigIncrements('id');
                table.bigInteger('organization_id');
              });
              await tenantTable(knex, 'rules');
            },
          },
        ],
      },
    },
  );
  owner = { url: service.environment.of('policy').PROMPT_URL! };
});
afterAll(() => service?.stop());
beforeEach(() => {
  heard = {};
});

const writer = (organizationId: number, more: { permissions?: string[] } = {}) =>
  signedIn({ userId: 7, organizationId, permissions: ['policy.write'], ...more });
const make = (by: Principal, body: object = {}, age?: number) =>
  service.as(by, age).post(`/api/v1/organizations/${by.organizationId}/rules`, body);

describe('a service that asks within a request', () => {
  it('carries the user, the organization, the rights, and where the request came from', async () => {
    const answer = await make(writer(1)).expect(200);
    expect(answer.body.data).toEqual({ by: 7, in: 1, rules: 1 });
    expect(heard).toMatchObject({
      kind: 'service',
      service: 'policy',
      userId: 7,
      organizationId: 1,
      permissions: ['policy.write'],
      ip: '192.0.2.1',
      request: { id: answer.headers.get('x-request-id') ?? expect.any(String), userAgent: 'rivergate-test' },
    });
  });

  it('asks for nobody where nobody is signed in, and for the user where one is', async () => {
    expect((await service.as(nobody()).get('/api/v1/asker')).body.data).toEqual({ user: null });
    expect((await service.as(writer(1)).get('/api/v1/asker')).body.data).toEqual({ user: 7 });
  });
});

describe('a contract that asks for a user with a permission', () => {
  it('refuses the user who lacks it, in the words that the user understands', async () => {
    const answer = await make(writer(2, { permissions: ['policy.read'] }));
    expect([answer.status, answer.body.error.code]).toEqual([403, 'FORBIDDEN']);
    expect(heard).toEqual({});
    await make(administrator({ userId: 8, organizationId: 2 })).expect(200);
  });

  it('lets that user act in the organization of the request only, whatever the service asks', async () => {
    expect((await make(writer(3), { at: 4 })).status).toBe(404);
    // Row-level security keeps the handler from it: what fails there is away, here.
    expect((await make(writer(3), { organization_id: 4 })).status).toBe(503);
    expect((await make(writer(3))).body.data).toEqual({ by: 7, in: 3, rules: 1 });
  });

  it('is bounded by the scopes of the token that the request was made with', async () => {
    await make(byToken(writer(5), { scope: ['write'] })).expect(200);
    const reading = service.as(byToken(writer(5), { scope: ['read'] }));
    expect((await reading.get('/api/v1/organizations/5/rules')).status).toBe(403);
  });

  it('finds out anew what was decided too long ago', async () => {
    // Nobody there knows the session: what cannot be known is not allowed.
    expect((await make(writer(6), {}, 1_000)).status).toBe(503);
    expect(heard).toEqual({});
  });

  it('refuses a service that names no user, and one that the contract does not name', async () => {
    const ask = (name: string, facts: Partial<Principal>) =>
      credentialCaller(service.environment.of(name), owner.url, 'prompt', fellowService(name, facts)).post(
        '/internal/organizations/1/rules',
        {},
      );
    const user = { userId: 7, organizationId: 1, isMember: true, permissions: ['policy.write'] };
    expect((await ask('policy', {})).status).toBe(403);
    expect((await ask('policy', { ...user, userId: null })).status).toBe(403);
    expect((await ask('storage', user)).status).toBe(403);
    expect((await ask('policy', { ...user, isMember: false })).status).toBe(404);
    expect((await ask('policy', user)).status).toBe(201);
  });

  it('cannot be asked where nobody is signed in, by type and by check', async () => {
    expect((await service.as(nobody()).post('/api/v1/forced-rules')).status).toBe(500);
    const askOutside = (call: Call) =>
      // @ts-expect-error outside of a request a service asks for nobody
      call(writeRule, { params: { org_id: 1 }, body: {} });
    await expect(askOutside(service.resources.call)).rejects.toThrow('on behalf of a user');
    expect(heard).toEqual({});
  });
});

describe('a declaration', () => {
  it('that asks for a user is internal', () => {
    const wrong = { ...whoAsks, caller: 'user', callers: undefined, onBehalfOf: 'user' } as never;
    expect(() => endpoint(wrong as EndpointSpec, (async () => {}) as never)).toThrow('is not internal');
  });
});
