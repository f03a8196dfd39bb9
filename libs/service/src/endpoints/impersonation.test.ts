import { boundTo, forgetMemberships, revokeSession } from '@rivergate/caller';
import { memberPrincipal, sessionState } from '@rivergate/contracts';
import { endpoints, Id } from '@rivergate/endpoint';
import { event } from '@rivergate/events';
import {
  administrator,
  admitsEverything,
  expectError,
  fellowService,
  impersonated,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const ORGANIZATION = 5;
const MEMBER = 7;
const ADMINISTRATOR = 9;

const endpoint = endpoints();
const reserved = endpoints({ impersonated: false });
const facts = { summary: 'A thing', caller: 'user', idempotency: false } as const;
const post = { ...facts, method: 'post', status: 204 } as const;
const nothing = async () => {};
const params = z.object({ org_id: Id });

const thingDone = event({
  type: 'prompt.thing.done',
  version: 1,
  audit: 'thing.done',
  summary: 'A thing was done',
  data: z.object({ thing_id: z.int() }),
});

const module = {
  tag: 'Things',
  endpoints: [
    endpoint(
      {
        ...facts,
        idempotency: { seconds: 60 },
        operation: 'doThing',
        method: 'post',
        path: '/organizations/:org_id/things',
        params,
        answer: z.object({ by: Id.nullable() }),
      },
      async ({ caller, emit }) => {
        await emit(thingDone, { aggregateId: 1, data: { thing_id: 1 } });
        return { by: caller.impersonator?.userId ?? null };
      },
    ),
    endpoint(
      {
        ...facts,
        operation: 'readEverywhere',
        method: 'get',
        path: '/everywhere',
        everyOrganization: true,
        answer: z.object({ only: Id.nullable() }),
      },
      async ({ caller }) => ({ only: boundTo(caller) }),
    ),
    endpoint({ ...post, operation: 'here', path: '/here', activeOrganization: true }, nothing),
    endpoint({ ...post, operation: 'anywhere', path: '/anywhere' }, nothing),
    endpoint(
      { ...post, operation: 'login', path: '/organizations/:org_id/login', params, session: true },
      nothing,
    ),
    endpoint(
      { ...post, operation: 'startJob', path: '/jobs', activeOrganization: true, status: 202 },
      nothing,
    ),
    endpoint(
      { ...post, operation: 'openly', path: '/openly', caller: 'public', bearer: 'optional' },
      nothing,
    ),
    endpoint({ ...post, operation: 'who', path: '/who', impersonated: true }, nothing),
    endpoint(
      { ...post, operation: 'closed', path: '/closed', activeOrganization: true, impersonated: false },
      nothing,
    ),
    reserved({ ...post, operation: 'credential', path: '/credentials', activeOrganization: true }, nothing),
    reserved(
      {
        ...post,
        operation: 'openCredential',
        path: '/open-credentials',
        activeOrganization: true,
        impersonated: true,
      },
      nothing,
    ),
    endpoint(
      {
        ...post,
        operation: 'behalf',
        path: '/internal/things',
        caller: 'internal',
        callers: ['identity'],
        onBehalfOf: 'user',
      },
      nothing,
    ),
  ],
};

/** What the owners say now. */
const rights = new Map<number, { is_admin: boolean; permissions: string[]; member?: boolean }>();
const organizationPeer = endpoint(memberPrincipal, async ({ params: { user_id } }) => {
  const { is_admin, permissions, member = true } = rights.get(user_id)!;
  return { member, is_admin, permissions, workspaces: [], plan: null };
});
const identityPeer = endpoint(sessionState, async ({ params: { session_id } }) => ({
  session_id,
  user_id: MEMBER,
  active: true,
  is_system_admin: true,
  must_enrol: false,
}));

let service: ServiceUnderTest;
let sessionId = 0;
beforeAll(async () => {
  service = await startServiceUnderTest(defineService({ name: 'prompt', modules: [module] }), {
    peers: { identity: [identityPeer], organization: [organizationPeer, admitsEverything] },
  });
});
afterAll(() => service.stop());
beforeEach(async () => {
  sessionId += 1;
  rights.set(MEMBER, { is_admin: false, permissions: ['prompt.read'] });
  rights.set(ADMINISTRATOR, { is_admin: true, permissions: ['*'] });
  await forgetMemberships(service.resources.redis, ORGANIZATION);
});

const member = () => signedIn({ userId: MEMBER, sessionId, organizationId: ORGANIZATION });
const acting = () => impersonated(member(), ADMINISTRATOR);
const things = (organizationId = ORGANIZATION) => `/api/v1/organizations/${organizationId}/things`;

describe('who acts in the name of another', () => {
  it.each(['here', 'who', 'open-credentials'])('reaches %s', async path => {
    await service.as(acting()).post(`/api/v1/${path}`).expect(204);
  });

  it.each(['anywhere', `organizations/${ORGANIZATION}/login`, 'jobs', 'openly', 'closed', 'credentials'])(
    '403 at %s, which the user reaches',
    async path => {
      await service.as(member()).post(`/api/v1/${path}`);
      expectError(await service.as(acting()).post(`/api/v1/${path}`), 403, 'FORBIDDEN');
      const mighty = impersonated(
        { ...administrator({ userId: MEMBER, organizationId: ORGANIZATION }), isSystemAdmin: true },
        ADMINISTRATOR,
      );
      expectError(await service.as(mighty).post(`/api/v1/${path}`), 403, 'FORBIDDEN');
    },
  );

  it('403 where a service asks in their name, unless the contract says that it is open', async () => {
    const asking = { ...acting(), kind: 'service', service: 'identity' } as const;
    expectError(
      await service.as(fellowService('identity', asking)).post('/internal/things'),
      403,
      'FORBIDDEN',
    );
  });

  it('404 in every other organization, also in one of which the user is a member', async () => {
    await service.as(acting()).post(things()).expect(200);
    const elsewhere = { ...acting(), organizationId: 6 };
    expectError(await service.as(elsewhere).post(things(6)), 404, 'ORGANIZATION_NOT_FOUND');
    expect((await service.as(acting()).get('/api/v1/everywhere').expect(200)).body.data).toEqual({
      only: ORGANIZATION,
    });
  });

  it('is named by the event and the audit entry of what they do', async () => {
    const { knex } = service.resources;
    const last = () =>
      knex.transaction(async db => {
        await db.raw("select set_config('rivergate.scope', 'platform', true)");
        return {
          entry: await db('audit_log').orderBy('id', 'desc').first(),
          event: (await db('outbox').orderBy('id', 'desc').first()).event,
        };
      });
    await service.as(acting()).post(things()).expect(200);
    const { entry, event } = await last();
    expect(entry).toMatchObject({ actor_user_id: MEMBER, actor: '7', impersonator_user_id: ADMINISTRATOR });
    expect(event).toMatchObject({ actor: '7', impersonator: '9' });
    await service.as(member()).post(things()).expect(200);
    const own = await last();
    expect(own.entry).toMatchObject({ actor_user_id: MEMBER, impersonator_user_id: null });
    expect(own.event.impersonator).toBeUndefined();
  });

  it('is not answered what the user was answered under the same key', async () => {
    const headers = { 'idempotency-key': 'the same' };
    expect((await service.as(member()).post(things(), undefined, { headers })).body.data).toEqual({
      by: null,
    });
    const answer = await service.as(acting()).post(things(), undefined, { headers });
    expect(answer.body.data).toEqual({ by: ADMINISTRATOR });
    expect(answer.headers.get('idempotency-replayed')).toBeNull();
  });
});

describe('a write in the name of another whose decision is old', () => {
  const old = () => service.as(acting(), 1_000).post(things());

  it('is decided by the rights of both, and gives none of the platform', async () => {
    await old().expect(200);
  });

  it.each<[string, number, { is_admin: boolean; permissions: string[]; member?: boolean }]>([
    [
      'the administrator lost the permission',
      ADMINISTRATOR,
      { is_admin: false, permissions: ['prompt.read'] },
    ],
    ['the administrator was removed', ADMINISTRATOR, { is_admin: true, permissions: ['*'], member: false }],
    ['the member was removed', MEMBER, { is_admin: false, permissions: [], member: false }],
    ['the member may more by now', MEMBER, { is_admin: true, permissions: ['*'] }],
  ])('401 when %s', async (_, who, now) => {
    await old().expect(200);
    if (who === MEMBER)
      rights.set(ADMINISTRATOR, { is_admin: false, permissions: ['user.impersonate', 'prompt.read'] });
    rights.set(who, now);
    await forgetMemberships(service.resources.redis, ORGANIZATION);
    expectError(await old(), 401, 'UNAUTHORIZED');
  });

  it('401 when the session has ended', async () => {
    await revokeSession(service.resources.redis, sessionId);
    expectError(await old(), 401, 'UNAUTHORIZED');
  });
});

it('a declaration that is open to who acts for another and takes a session is refused', () => {
  expect(() =>
    endpoint({ ...post, operation: 'contradiction', path: '/x', session: true, impersonated: true }, nothing),
  ).toThrow(/takes a session/);
});
