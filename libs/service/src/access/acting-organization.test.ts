import { forgetMemberships } from '@rivergate/caller';
import { memberPrincipal, sessionState, tokenState } from '@rivergate/contracts';
import { acrossOrganizations, endpoints, error, Id } from '@rivergate/endpoint';
import {
  admitsEverything,
  byToken,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, tenantTable } from '../index.ts';

const endpoint = endpoints();
const NoteNotFound = error('NOTE_NOT_FOUND', 404, 'No such note');
const write = endpoint(
  {
    operation: 'writeNote',
    method: 'post',
    path: '/notes',
    summary: 'Write a note',
    caller: 'perm:policy.write',
    activeOrganization: true,
    body: z.object({ organization_id: Id.optional() }),
    answer: z.object({ organization_id: Id, id: Id }),
    status: 201,
  },
  {
    organization: ({ body }) => body.organization_id,
    async handle({ db, caller }) {
      const row = { organization_id: caller.organizationId };
      const [{ id }] = await db('notes').insert(row).returning('id');
      return { ...row, id };
    },
  },
);
const remove = endpoint(
  {
    operation: 'deleteNote',
    method: 'delete',
    path: '/notes/:note_id',
    summary: 'Delete a note',
    caller: 'perm:policy.write',
    activeOrganization: true,
    params: z.object({ note_id: Id }),
    errors: [NoteNotFound],
    denials: { stranger: NoteNotFound },
  },
  {
    async organization({ params, db }) {
      await acrossOrganizations(db);
      const note = await db('notes').where({ id: params.note_id }).first('organization_id');
      return note?.organization_id;
    },
    async handle({ params, db }) {
      if ((await db('notes').where({ id: params.note_id }).delete()) === 0) throw NoteNotFound();
    },
  },
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Notes',
      endpoints: [write, remove],
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

const USER = 7;
/** What the user holds, by organization. */
const held = new Map<number, string[]>();
const sessionPeer = endpoint(sessionState, async ({ params }) => ({
  session_id: params.session_id,
  user_id: USER,
  active: true,
  is_system_admin: false,
  must_enrol: false,
}));
const tokenPeer = endpoint(tokenState, async () => ({
  token_id: 1,
  user_id: USER,
  client_id: null,
  organization_id: active,
  bound: true,
  key_thumbprint: null,
  sso_organization_id: null,
  scopes: ['write' as const],
  created_at: new Date(),
  expires_at: new Date(Date.now() + 60_000),
  state: 'active' as const,
}));
const memberPeer = endpoint(memberPrincipal, async ({ params }) => ({
  member: held.has(params.organization_id),
  is_admin: false,
  permissions: held.get(params.organization_id) ?? [],
  workspaces: [],
  plan: 'enterprise',
}));

let policy: ServiceUnderTest;
let [active, other] = [0, 1_000];
beforeAll(async () => {
  policy = await startServiceUnderTest(definition, {
    peers: { identity: [sessionPeer, tokenPeer], organization: [memberPeer, admitsEverything] },
  });
});
afterAll(() => policy.stop());
beforeEach(() => {
  [active, other] = [active + 1, other + 1];
  held.clear();
});

const caller = (permissions: string[]) => {
  held.set(active, permissions);
  return policy.as(signedIn({ userId: USER, organizationId: active, permissions }));
};
const noteIn = (organizationId: number): Promise<number> =>
  policy.resources.knex.transaction(async db => {
    await acrossOrganizations(db);
    const [note] = await db('notes').insert({ organization_id: organizationId }).returning('id');
    return note.id;
  });

describe('an organization that the request names', () => {
  it('is the one acted in, by the rights held there and not by those in the active one', async () => {
    held.set(other, ['policy.write']);
    const answer = await caller([]).post('/api/v1/notes', { organization_id: other });
    expect([answer.status, answer.body.data.organization_id]).toEqual([201, other]);
    held.set(other, ['policy.read']);
    await forgetMemberships(policy.resources.redis, other);
    const refused = await caller(['policy.write']).post('/api/v1/notes', { organization_id: other });
    expect([refused.status, refused.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('is not told from one that does not exist to who is no member', async () => {
    const answer = await caller(['policy.write']).post('/api/v1/notes', { organization_id: other });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });

  it('is the active one where nothing is named', async () => {
    const answer = await caller(['policy.write']).post('/api/v1/notes', {});
    expect([answer.status, answer.body.data.organization_id]).toEqual([201, active]);
    expect((await caller([]).post('/api/v1/notes', {})).status).toBe(403);
  });

  it('is out of reach of a token that is bound to another one', async () => {
    held.set(other, ['policy.write']);
    held.set(active, ['policy.write']);
    const user = signedIn({ userId: USER, organizationId: active, permissions: ['policy.write'] });
    const bound = policy.as(byToken(user, { scope: ['write'], boundTo: active }));
    expect((await bound.post('/api/v1/notes', {})).status).toBe(201);
    const answer = await bound.post('/api/v1/notes', { organization_id: other });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });
});

describe('an object in an organization that is not the active one', () => {
  it('is acted on by the rights held there', async () => {
    held.set(other, ['policy.write']);
    const note = await noteIn(other);
    const remaining = await noteIn(other);
    expect((await caller([]).delete(`/api/v1/notes/${note}`)).status).toBe(200);
    held.set(other, []);
    await forgetMemberships(policy.resources.redis, other);
    const answer = await caller(['policy.write']).delete(`/api/v1/notes/${remaining}`);
    expect([answer.status, answer.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('of somebody else is not told from one that does not exist', async () => {
    const note = await noteIn(other);
    for (const id of [note, 999_999]) {
      const answer = await caller(['policy.write']).delete(`/api/v1/notes/${id}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, 'NOTE_NOT_FOUND']);
    }
  });
});
