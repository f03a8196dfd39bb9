import { setTimeout as pass } from 'node:timers/promises';
import { forgetMemberships, type Principal, revokeSession } from '@rivergate/caller';
import { accessPolicy, memberPrincipal, sessionState } from '@rivergate/contracts';
import { endpoints, Id } from '@rivergate/endpoint';
import {
  administrator,
  eventually,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, tenantTable } from '../index.ts';

/** Milliseconds. A decision of this age was withdrawn, for all that anybody knows. */
const OLD = 1_000;

const endpoint = endpoints();
let prepared: Promise<unknown> = Promise.resolve();
const write = endpoint(
  {
    operation: 'writeNote',
    method: 'post',
    path: '/organizations/:org_id/notes',
    summary: 'Write a note',
    caller: 'perm:policy.write',
    params: z.object({ org_id: Id }),
    answer: z.object({ admin: z.boolean() }),
    status: 201,
  },
  {
    prepare: () => prepared,
    async handle({ db, caller }) {
      await db('notes').insert({ organization_id: caller.organizationId });
      return { admin: caller.isAdmin };
    },
  },
);
const read = endpoint(
  {
    operation: 'countNotes',
    method: 'get',
    path: '/notes',
    summary: 'Count notes',
    caller: 'user',
    answer: z.object({ notes: z.int() }),
  },
  async ({ db }) => ({ notes: Number((await db('notes').count('* as count').first())!.count) }),
);
const anybody = endpoint(
  {
    operation: 'writeNothing',
    method: 'put',
    path: '/notes',
    summary: 'Write nothing',
    caller: 'public',
    status: 204,
  },
  async () => {},
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Notes',
      endpoints: [write, read, anybody],
      migrations: [
        {
          name: '0001_notes',
          async up(knex) {
            await knex.schema.createTable('notes', table => {
              table.bigIncrements('id');
              table.bigInteger('organization_id');
            });
            await tenantTable(knex, 'notes');
          },
        },
      ],
    },
  ],
});

/** What the owners say, and how often they were asked. */
const asked = { sessions: 0, members: 0 };
let session: { active: boolean; is_system_admin: boolean; must_enrol: boolean };
let member: z.output<typeof memberPrincipal.answer>;
const identityPeer = endpoint(sessionState, async ({ params }) => {
  asked.sessions += 1;
  return { session_id: params.session_id, user_id: 7, ...session };
});
const organizationPeer = endpoint(memberPrincipal, async () => {
  asked.members += 1;
  return member;
});

let networks: string[];
const policyPeer = endpoint(accessPolicy, async () => ({
  ip_allow_list: networks,
  personal_tokens: true,
  personal_token_max_days: null,
  organization_tokens: true,
  oauth_applications: true,
  sso: null,
  attribute_policies: false,
}));

let policy: ServiceUnderTest;
let organizationId = 0;
let sessionId = 0;
let caller: Principal;

beforeAll(async () => {
  policy = await startServiceUnderTest(definition, {
    env: { DATABASE_POOL: '2' },
    peers: { identity: [identityPeer], organization: [organizationPeer, policyPeer] },
  });
});
afterAll(() => policy.stop());

beforeEach(() => {
  organizationId += 1;
  sessionId += 1;
  prepared = Promise.resolve();
  networks = [];
  Object.assign(asked, { sessions: 0, members: 0 });
  session = { active: true, is_system_admin: false, must_enrol: false };
  member = { member: true, is_admin: true, permissions: ['*'], workspaces: [], plan: 'enterprise' };
  caller = administrator({ userId: 7, sessionId, organizationId });
});

const notes = (by = caller) => `/api/v1/organizations/${by.organizationId}/notes`;
const old = (by = caller) => policy.as(by, OLD).post(notes(by));
const written = async () => (await policy.as(caller).get('/api/v1/notes')).body.data.notes;

async function refused(status: number, code: string) {
  const answer = await old();
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(await written()).toBe(0);
}

describe('a write whose decision is old', () => {
  it('goes on when session and membership are as they were, and asks the owners for the first', async () => {
    expect((await old()).status).toBe(201);
    expect((await old()).status).toBe(201);
    // Of a membership once to learn that there is one, and once under the generation that it is kept under.
    expect(asked).toEqual({ sessions: 1, members: 2 });
    expect(await written()).toBe(2);
  });

  it('401 when the session was revoked, by Redis and without asking', async () => {
    await revokeSession(policy.resources.redis, sessionId);
    await refused(401, 'UNAUTHORIZED');
    expect(asked.sessions).toBe(0);
  });

  it('401 when the owner says that the session has ended', async () => {
    session.active = false;
    await refused(401, 'UNAUTHORIZED');
  });

  it('401 for the session of somebody else, and for none', async () => {
    caller = administrator({ userId: 8, sessionId, organizationId });
    await refused(401, 'UNAUTHORIZED');
    caller = administrator({ userId: 7, sessionId: null, organizationId });
    await refused(401, 'UNAUTHORIZED');
  });

  it('403 when the organization does not admit its network any more, nor whose address is not known', async () => {
    networks = ['192.0.2.0/24'];
    expect((await old()).status).toBe(201);
    expect(await written()).toBe(1);
    for (const ip of ['198.51.100.7', null]) {
      const answer = await old({ ...caller, ip });
      expect([answer.status, answer.body.error.code]).toEqual([403, 'IP_NOT_ALLOWED']);
    }
    expect(await written()).toBe(1);
  });

  it('404 when the user was removed from the organization', async () => {
    expect((await old()).status).toBe(201);
    member = { member: false, is_admin: false, permissions: [], workspaces: [], plan: null };
    await forgetMemberships(policy.resources.redis, organizationId);
    const answer = await old();
    expect([answer.status, answer.body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    expect(await written()).toBe(1);
  });

  it('403 when the right was taken away', async () => {
    member = { member: true, is_admin: false, permissions: ['policy.read'], workspaces: [], plan: null };
    await refused(403, 'FORBIDDEN');
  });

  it('is carried out with what the user may do now', async () => {
    member = { member: true, is_admin: false, permissions: ['policy.write'], workspaces: [], plan: null };
    expect((await old()).body.data).toEqual({ admin: false });
  });

  it('404 for a system administrator of old', async () => {
    caller = { ...signedIn({ userId: 7, sessionId, organizationId }), isMember: false, isSystemAdmin: true };
    member = { member: false, is_admin: false, permissions: [], workspaces: [], plan: null };
    session.is_system_admin = true;
    expect((await old()).status).toBe(201);
    caller = { ...caller, sessionId: ++sessionId };
    session.is_system_admin = false;
    expect((await old()).status).toBe(404);
  });

  it('without an organization still needs its session', async () => {
    await revokeSession(policy.resources.redis, sessionId);
    const answer = await policy.as(signedIn({ userId: 7, sessionId }), OLD).put('/api/v1/notes');
    expect(answer.status).toBe(401);
  });

  it('ten at once, on a pool of two, do not wait for each other', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => old()));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
  });
});

describe('a decision gets old', () => {
  it('while slow work is done before the transaction', async () => {
    const release = Promise.withResolvers<void>();
    prepared = release.promise;
    const writing = policy.as(caller, 0).post(notes());
    const passed = pass(OLD);
    await revokeSession(policy.resources.redis, sessionId);
    await passed;
    release.resolve();
    expect((await writing).status).toBe(401);
    expect(await written()).toBe(0);
  });

  it('while the request waits for a connection to the database', async () => {
    const { knex } = policy.resources;
    const taken = await Promise.all([knex.transaction(), knex.transaction()]);
    const writing = policy.as(caller, 0).post(notes());
    const passed = pass(OLD);
    await revokeSession(policy.resources.redis, sessionId);
    await passed;
    for (const transaction of taken) await transaction.rollback();
    expect((await writing).status).toBe(401);
    expect(await written()).toBe(0);
  });

  it('not for what only reads, nor for who is not signed in', async () => {
    await revokeSession(policy.resources.redis, sessionId);
    expect((await policy.as(caller, OLD).get('/api/v1/notes')).status).toBe(200);
    const nobody = { ...signedIn({ userId: 7 }), kind: 'anonymous', userId: null, sessionId: null } as const;
    expect((await policy.as(nobody, OLD).put('/api/v1/notes')).status).toBe(204);
  });

  it('not at once: the owners are not asked for what comes fresh', async () => {
    expect((await policy.as(caller, 0).post(notes())).status).toBe(201);
    expect(asked).toEqual({ sessions: 0, members: 0 });
  });
});

it('503 when it cannot be known: nothing is written', async () => {
  const alone = await startServiceUnderTest(definition);
  try {
    const answer = await alone.as(caller, OLD).post(notes());
    expect([answer.status, answer.body.error.code]).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    const count = async () => (await alone.as(caller).get('/api/v1/notes')).body.data.notes;
    await eventually(async () => (await count()) === 0, 'no note');
  } finally {
    await alone.stop();
  }
});
