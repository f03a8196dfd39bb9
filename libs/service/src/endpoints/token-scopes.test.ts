import { type EndpointSpec, endpoints, Id } from '@rivergate/endpoint';
import {
  administrator,
  byToken,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const answer = z.object({ admin: z.boolean() });
const facts = { summary: 'A thing', answer } as const;
const inOrganization = { params: z.object({ org_id: Id }) };
const base = '/organizations/:org_id';

const module = {
  tag: 'Things',
  endpoints: [
    endpoint(
      {
        ...facts,
        ...inOrganization,
        operation: 'readThing',
        method: 'get',
        path: `${base}/things`,
        caller: 'user',
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      {
        ...facts,
        ...inOrganization,
        operation: 'searchThings',
        method: 'post',
        path: `${base}/things/search`,
        caller: 'perm:prompt.read',
        safe: true,
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      {
        ...facts,
        ...inOrganization,
        operation: 'changeThing',
        method: 'post',
        path: `${base}/things`,
        caller: 'perm:prompt.write',
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      {
        ...facts,
        ...inOrganization,
        operation: 'ruleThings',
        method: 'get',
        path: `${base}/rules`,
        caller: 'admin',
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      { ...facts, operation: 'readMine', method: 'get', path: '/mine', caller: 'user' },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      {
        ...facts,
        operation: 'readHere',
        method: 'get',
        path: '/here',
        caller: 'user',
        activeOrganization: true,
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      {
        ...facts,
        operation: 'readEverywhere',
        method: 'get',
        path: '/everywhere',
        caller: 'user',
        everyOrganization: true,
      },
      async ({ caller }) => ({ admin: caller.isAdmin }),
    ),
    endpoint(
      { ...facts, operation: 'changeLogin', method: 'put', path: '/login', caller: 'user', session: true },
      async ({ caller }) => ({ admin: caller.sessionId < 0 }),
    ),
  ],
};

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }));
});
afterAll(async () => await service?.stop());

const admin = administrator({ userId: 1, organizationId: 5 });
const asks = [
  ['get', 'things', 'read'],
  ['post', 'things/search', 'read'],
  ['post', 'things', 'write'],
  ['get', 'rules', 'admin'],
] as const;

describe('a token in place of a session', () => {
  it.each(asks)('reaches %s %s with the scope %s, and none implies another', async (method, path, needed) => {
    for (const scope of ['read', 'write', 'admin'] as const) {
      const answered = await service
        .as(byToken(admin, { scope: [scope] }))
        [method](`/api/v1/organizations/5/${path}`);
      expect([scope, answered.status]).toEqual([scope, scope === needed ? 200 : 403]);
      if (scope !== needed) {
        const detail = { field: 'permission', code: 'missing_permission', reason: `scope ${needed}` };
        expect([answered.body.error.code, answered.body.error.details]).toEqual(['FORBIDDEN', [detail]]);
      }
    }
    const without = await service
      .as(byToken(admin, { scope: [] }))
      [method](`/api/v1/organizations/5/${path}`);
    expect(without.status).toBe(403);
  });

  it('can do no more than its owner', async () => {
    const member = signedIn({ userId: 2, organizationId: 5, permissions: ['prompt.read'] });
    const all = service.as(byToken(member, { scope: ['read', 'write', 'admin'] }));
    await all.post('/api/v1/organizations/5/things/search').expect(200);
    await all.post('/api/v1/organizations/5/things').expect(403);
    await all.get('/api/v1/organizations/5/rules').expect(403);
  });

  it('that is bound to an organization finds nothing outside of it', async () => {
    const bound = service.as(byToken(admin, { scope: ['read'], boundTo: 5 }));
    await bound.get('/api/v1/organizations/5/things').expect(200);
    await bound.get('/api/v1/here').expect(200);
    // Where the handler keeps to it.
    await bound.get('/api/v1/everywhere').expect(200);
    await bound.get('/api/v1/mine').expect(404);
    const elsewhere = { ...admin, organizationId: 6 };
    const strayed = service.as(byToken(elsewhere, { scope: ['read'], boundTo: 5 }));
    await strayed.get('/api/v1/organizations/6/things').expect(404);
    await service
      .as(byToken(admin, { scope: ['read'] }))
      .get('/api/v1/mine')
      .expect(200);
  });

  it('is refused where a session is asked for', async () => {
    const all = byToken(admin, { scope: ['read', 'write', 'admin'] });
    await service.as(all).put('/api/v1/login').expect(403);
    await service
      .as({ ...admin, sessionId: null })
      .put('/api/v1/login')
      .expect(403);
    await service.as(admin).put('/api/v1/login').expect(200);
  });

  it('of a client of an organization is no user', async () => {
    const client = { ...byToken(admin, { scope: ['read'] }), kind: 'client', userId: null } as const;
    await service.as(client).get('/api/v1/organizations/5/things').expect(403);
  });
});

describe('a declaration', () => {
  it('that asks for a session of nobody stops the service from starting', () => {
    const wrong = { ...facts, operation: 'x', method: 'get', path: '/x', caller: 'public', session: true };
    expect(() => endpoint(wrong as EndpointSpec, (async () => {}) as never)).toThrow(
      'needs no signed-in caller',
    );
  });
});
