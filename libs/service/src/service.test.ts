import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { acrossOrganizations, endpoints, error, Id, reply, spec } from '@rivergate/endpoint';
import { event } from '@rivergate/events';
import {
  administrator,
  eventually,
  fellowService,
  nobody,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, tenantTable } from './index.ts';

const noteWritten = event({
  type: 'policy.note.written',
  version: 1,
  audit: 'note.written',
  summary: 'A note was written',
  data: z.object({ note_id: z.int() }),
});

const NoteRefused = error('NOTE_REFUSED', 400, 'This note is refused');
const NoteNotFound = error('NOTE_NOT_FOUND', 404, 'No such note');
const endpoint = endpoints();
const Note = z.object({ id: Id, text: z.string() });

const writeNote = endpoint(
  {
    operation: 'writeNote',
    method: 'post',
    path: '/notes',
    summary: 'Write a note',
    caller: 'perm:policy.write',
    body: z.object({
      text: z.string().max(1_000),
      fate: z.enum(['throw', 'return', 'break', 'lie']).optional(),
      idempotency_key: z.string().optional(),
    }),
    answer: Note,
    status: 201,
    message: 'Note written',
    errors: [NoteRefused],
  },
  async ({ body, caller, db, emit }) => {
    const [note] = await db('notes')
      .insert({ text: body.text, organization_id: caller.organizationId })
      .returning(['id', 'text']);
    await emit(noteWritten, { aggregateId: note.id, data: { note_id: note.id } });
    if (body.fate === 'throw') throw NoteRefused();
    if (body.fate === 'return') return NoteRefused('Refused, and kept');
    if (body.fate === 'break') throw new Error(`secret ${body.text}`);
    if (body.fate === 'lie') return { id: 'not a number' as never, text: note.text };
    return note;
  },
);

const listNotes = endpoint(
  {
    operation: 'listNotes',
    method: 'get',
    path: '/notes',
    summary: 'List notes',
    caller: 'user',
    query: z.object({ everywhere: z.boolean().default(false), limit: z.int().min(1).default(10) }),
    answer: z.object({ notes: z.array(Note), limit: z.int() }),
  },
  async ({ db, query }) => {
    if (query.everywhere) await acrossOrganizations(db);
    return { notes: await db('notes').select('id', 'text').orderBy('id'), limit: query.limit };
  },
);

const getNote = endpoint(
  {
    operation: 'getNote',
    method: 'get',
    path: '/organizations/:org_id/notes/:note_id',
    summary: 'Get a note',
    caller: 'user',
    params: z.object({ org_id: Id, note_id: Id }),
    answer: Note,
    errors: [NoteNotFound],
  },
  async ({ db, params }) =>
    (await db('notes').where({ id: params.note_id }).first('id', 'text')) ?? NoteNotFound(),
);

const administer = endpoint(
  {
    operation: 'administer',
    method: 'delete',
    path: '/notes',
    summary: 'Remove all notes',
    caller: 'admin',
    status: 204,
  },
  async ({ db }) => void (await db('notes').delete()),
);

const latest = endpoint(
  {
    operation: 'latest',
    method: 'get',
    path: '/notes/latest',
    summary: 'A static path beside a parameter',
    caller: 'public',
    answer: z.object({ which: z.string() }),
  },
  async () => ({ which: 'latest' }),
);
const byName = endpoint(
  {
    operation: 'byName',
    method: 'get',
    path: '/notes/:name',
    summary: 'A parameter beside a static path',
    caller: 'public',
    params: z.object({ name: z.string() }),
    answer: z.object({ which: z.string() }),
  },
  async ({ params }) => reply({ which: params.name }, { headers: { 'x-kind': 'named' } }),
);

const echoSpec = spec({
  owner: 'policy',
  operation: 'echo',
  method: 'get',
  path: '/internal/echo/:word',
  summary: 'Echo',
  caller: 'internal',
  callers: ['identity'],
  params: z.object({ word: z.string() }),
  answer: z.object({ word: z.string(), organization_id: z.int().nullable() }),
  errors: [NoteNotFound],
});
const echo = endpoint(echoSpec, async ({ params, caller }) => {
  if (params.word === 'missing') return NoteNotFound();
  return { word: params.word, organization_id: caller.organizationId };
});

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Notes',
      endpoints: [byName, writeNote, listNotes, getNote, administer, latest, echo],
      migrations: [
        {
          name: '0001_notes',
          async up(knex) {
            await knex.raw(
              'create table notes (id bigint generated always as identity primary key, organization_id bigint not null, text text not null)',
            );
            await tenantTable(knex, 'notes');
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
afterAll(() => service.stop());

const admin = (organizationId: number) => service.as(administrator({ userId: 1, organizationId }));
const count = async (organizationId: number, text: string) => {
  const { body } = await admin(organizationId).get('/api/v1/notes');
  return body.data.notes.filter((note: { text: string }) => note.text === text).length;
};

describe('who calls', () => {
  it('is refused without a credential, whatever headers say', async () => {
    const bare = await fetch(`${service.url}/api/v1/notes`, {
      headers: { 'x-org-id': '1', 'x-user-id': '1' },
    });
    expect(bare.status).toBe(401);
    expect(await bare.json()).toMatchObject({ success: false, error: { code: 'UNAUTHORIZED' } });
  });
  it('is refused when X-Org-ID says other than the credential', async () => {
    const caller = admin(1);
    expect((await caller.get('/api/v1/notes', { headers: { 'x-org-id': '2' } })).status).toBe(401);
    expect((await caller.get('/api/v1/notes', { headers: { 'x-org-id': '1' } })).status).toBe(200);
  });
  it('is 401 for nobody where a user is wanted, and for services where people are', async () => {
    expect((await service.as(nobody()).get('/api/v1/notes')).status).toBe(401);
    expect((await service.as(fellowService('identity')).get('/api/v1/notes')).status).toBe(401);
    expect((await admin(1).get('/internal/echo/hi')).status).toBe(401);
  });
  it('is 403 with the missing right in the details', async () => {
    const { status, body } = await service
      .as(signedIn({ userId: 2, organizationId: 1, permissions: ['policy.read'] }))
      .post('/api/v1/notes', { text: 'x' });
    expect(status).toBe(403);
    expect(body.error).toMatchObject({
      code: 'FORBIDDEN',
      details: [{ field: 'permission', reason: 'policy.write' }],
    });
    expect(
      (await service.as(signedIn({ userId: 2, organizationId: 1 })).delete('/api/v1/notes')).status,
    ).toBe(403);
  });
  it('is told nothing of an organization that it is no member of', async () => {
    const stranger = service.as({ ...signedIn({ userId: 3 }), organizationId: null, isMember: false });
    const { status, body } = await stranger.get('/api/v1/organizations/1/notes/1');
    expect([status, body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });
});

describe('input', () => {
  it('of the wrong shape is 422 with a detail for each field', async () => {
    const { status, body } = await admin(1).post('/api/v1/notes', { text: 7, color: 'red', fate: 'odd' });
    expect(status).toBe(422);
    expect(body.error.details.map((detail: { field: string }) => detail.field).sort()).toEqual([
      'body.color',
      'body.fate',
      'body.text',
    ]);
    expect(body.error.request_id).toEqual(expect.any(String));
  });
  it('in a query is read as the type that is declared, in its canonical form only', async () => {
    expect((await admin(1).get('/api/v1/notes?limit=7')).body.data.limit).toBe(7);
    for (const wrong of [
      'limit=0',
      'limit=1e2',
      'limit=07',
      'limit=',
      'limit=1&limit=2',
      'limit=x',
      'other=1',
      'everywhere=yes',
    ]) {
      expect((await admin(1).get(`/api/v1/notes?${wrong}`)).status, wrong).toBe(422);
    }
  });
  it('in a path takes no negative, huge or crooked id', async () => {
    for (const id of [
      '-1',
      '0',
      '1.5',
      'abc',
      '9223372036854775807',
      '99999999999999999999',
      '%00',
      '1%20',
    ]) {
      expect((await admin(1).get(`/api/v1/organizations/1/notes/${id}`)).status, id).toBe(422);
    }
  });
  it('with NUL or half a character is 422, and stores nothing', async () => {
    expect((await admin(1).post('/api/v1/notes', { text: 'a\0b' })).status).toBe(422);
    expect((await admin(1).post('/api/v1/notes', undefined, { raw: '{"text":"\\ud800"}' })).status).toBe(422);
  });
  it('that is no JSON is 400, in another format 415, too large 413', async () => {
    expect((await admin(1).post('/api/v1/notes', undefined, { raw: '{"text":' })).body.error.code).toBe(
      'MALFORMED_REQUEST',
    );
    expect((await admin(1).post('/api/v1/notes', undefined, { raw: '{"text":"a","text":"b"}' })).status).toBe(
      400,
    );
    expect(
      (
        await admin(1).post('/api/v1/notes', undefined, {
          raw: 'text=a',
          headers: { 'content-type': 'text/plain' },
        })
      ).status,
    ).toBe(415);
    expect((await admin(1).post('/api/v1/notes', { text: 'x'.repeat(300_000) })).body.error.code).toBe(
      'REQUEST_ENTITY_TOO_LARGE',
    );
  });
  it('finds the static path before the parameter', async () => {
    expect((await service.as(nobody()).get('/api/v1/notes/latest')).body.data.which).toBe('latest');
    const named = await service.as(nobody()).get('/api/v1/notes/other');
    expect([named.body.data.which, named.headers.get('x-kind')]).toEqual(['other', 'named']);
  });
});

describe('a failure', () => {
  it('that is thrown rolls back, event and all', async () => {
    const { status, body } = await admin(10).post('/api/v1/notes', { text: 'thrown', fate: 'throw' });
    expect([status, body.error.code]).toEqual([400, 'NOTE_REFUSED']);
    expect(await count(10, 'thrown')).toBe(0);
  });
  it('that is returned commits', async () => {
    const { status, body } = await admin(10).post('/api/v1/notes', { text: 'returned', fate: 'return' });
    expect([status, body.error.message]).toEqual([400, 'Refused, and kept']);
    expect(await count(10, 'returned')).toBe(1);
  });
  it('that nobody expected is a 500 that tells nothing', async () => {
    const { status, body, text } = await admin(10).post('/api/v1/notes', { text: 'hush', fate: 'break' });
    expect([status, body.error.code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(text).not.toContain('hush');
  });
  it('is also an answer other than declared, in tests', async () => {
    expect((await admin(10).post('/api/v1/notes', { text: 'x', fate: 'lie' })).status).toBe(500);
  });
});

describe('tenancy', () => {
  it('hides the neighbour behind a forgotten where', async () => {
    await admin(21).post('/api/v1/notes', { text: 'mine' });
    await admin(22).post('/api/v1/notes', { text: 'theirs' });
    const { body } = await admin(21).get('/api/v1/notes');
    expect(body.data.notes.map((note: { text: string }) => note.text)).toEqual(['mine']);
    const everywhere = await admin(21).get('/api/v1/notes?everywhere=true');
    expect(everywhere.body.data.notes.length).toBeGreaterThan(1);
  });
  it('shows nothing at all to a caller of no organization', async () => {
    const { body } = await service.as(signedIn({ userId: 5 })).get('/api/v1/notes');
    expect(body.data.notes).toEqual([]);
  });
  it('keeps a delete without where inside the organization', async () => {
    await admin(23).post('/api/v1/notes', { text: 'stays' });
    expect((await admin(24).delete('/api/v1/notes')).status).toBe(204);
    expect(await count(23, 'stays')).toBe(1);
  });
});

describe('an idempotency key', () => {
  const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
  it('gives the same answer for the same request, by header or by field', async () => {
    const first = await admin(30).post('/api/v1/notes', { text: 'once' }, keyed('k1'));
    const again = await admin(30).post('/api/v1/notes', { text: 'once' }, keyed('k1'));
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(await count(30, 'once')).toBe(1);
    const field = { text: 'by field', idempotency_key: 'k2' };
    expect((await admin(30).post('/api/v1/notes', field)).body).toEqual(
      (await admin(30).post('/api/v1/notes', field)).body,
    );
  });
  it('conflicts with another request', async () => {
    await admin(30).post('/api/v1/notes', { text: 'a' }, keyed('k3'));
    const { status, body } = await admin(30).post('/api/v1/notes', { text: 'b' }, keyed('k3'));
    expect([status, body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  });
  it('makes two requests at once into one', async () => {
    const both = await Promise.all(
      [1, 2, 3, 4].map(() => admin(30).post('/api/v1/notes', { text: 'racing' }, keyed('k4'))),
    );
    expect(new Set(both.map(answer => answer.body.data.id)).size).toBe(1);
    expect(await count(30, 'racing')).toBe(1);
  });
  it('belongs to its user, and is let go by a refusal', async () => {
    await admin(30).post('/api/v1/notes', { text: 'c', fate: 'return' }, keyed('k5'));
    expect((await admin(30).post('/api/v1/notes', { text: 'd' }, keyed('k5'))).status).toBe(201);
    const other = service.as(administrator({ userId: 99, organizationId: 30 }));
    expect((await other.post('/api/v1/notes', { text: 'e' }, keyed('k5'))).status).toBe(201);
  });
  it('keeps no hash of the request that somebody with the table could search', async () => {
    const body = { text: 'guessable' };
    await admin(31).post('/api/v1/notes', body, keyed('k6'));
    const plain = createHash('sha256')
      .update(JSON.stringify({ params: {}, query: {}, body }))
      .digest('hex');
    const hashes: string[] = await service.resources.knex('idempotency_keys').pluck('request_hash');
    expect(hashes.length).toBeGreaterThan(0);
    expect(hashes).not.toContain(plain);
  });
  it('that cannot be a key is 422', async () => {
    expect((await admin(30).post('/api/v1/notes', { text: 'f' }, keyed('k'.repeat(256)))).status).toBe(422);
  });
});

describe('an event', () => {
  it('is in the audit log with who, where and what, and leaves the outbox', async () => {
    const { body } = await service
      .as(administrator({ userId: 7, organizationId: 40, ip: '198.51.100.9' }))
      .post('/api/v1/notes', { text: 'kept' }, { headers: { 'user-agent': 'tester' } });
    const { knex } = service.resources;
    const [row] = await knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('audit_log').where({ organization_id: 40 });
    });
    expect(row).toMatchObject({
      action: 'note.written',
      actor_user_id: 7,
      ip_address: '198.51.100.9',
      user_agent: 'tester',
      metadata: { note_id: body.data.id },
    });
    await eventually(
      async () => (await knex('outbox').count({ left: '*' }))[0]?.left === 0,
      'an empty outbox',
    );
  });
});

describe('between services', () => {
  const { call } = { call: () => service.resources.call };
  it('a call carries for whom it is made', async () => {
    const caller = service.as(fellowService('identity', { organizationId: 4 }));
    expect((await caller.get('/internal/echo/hi')).body.data).toEqual({ word: 'hi', organization_id: 4 });
  });
  it('a service that is down is 503 after a bounded wait', async () => {
    const elsewhere = { ...echoSpec, owner: 'identity' };
    await expect(call()(elsewhere, { params: { word: 'x' } })).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      status: 503,
    });
  });
});

describe('the service itself', () => {
  it('is healthy, ready, measured, and names the version of its routes', async () => {
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    const ready = await fetch(`${service.url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ checks: { database: true, cache: true } });
    expect(ready.headers.get('x-manifest-version')).toMatch(/^[0-9a-f]{16}$/);
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain(
      'rivergate_endpoint_duration_seconds_bucket',
    );
  });
  it('shows its manifest to the fleet only, without what is internal', async () => {
    expect((await fetch(`${service.url}/internal/manifest`)).status).toBe(401);
    const { body } = await service.as(nobody()).get('/internal/manifest');
    expect(body.routes.map((route: { path: string }) => route.path)).not.toContain('/internal/echo/{word}');
    expect(body.openapi.paths['/api/v1/notes'].post.responses).toHaveProperty('201');
  });
  it('has no right on the schema of another service', async () => {
    await expect(service.resources.knex.raw('select 1 from identity.migrations')).rejects.toThrow(
      /permission denied/,
    );
  });
  it('is refused with two endpoints of one path and method, whatever their parameters are called', () => {
    const again = endpoint(
      { operation: 'again', method: 'get', path: '/notes/:other_id', summary: 'Again', caller: 'public' },
      async () => {},
    );
    const modules = [...definition.modules, { tag: 'Again', endpoints: [again] }];
    expect(() => defineService({ name: 'policy', modules })).toThrow('GET /api/v1/notes/{}');
  });
  it('is refused with a public endpoint that the documentation has no heading for', () => {
    expect(() => defineService({ name: 'policy', modules: [{ endpoints: [getNote] }] })).toThrow(
      'without a tag',
    );
  });
  it('finishes a request in flight before it stops', async () => {
    const own = await startServiceUnderTest(
      defineService({
        name: 'staging',
        modules: [
          {
            tag: 'Slow',
            endpoints: [
              endpoint(
                {
                  operation: 'takeTime',
                  method: 'get',
                  path: '/slow',
                  summary: 'Slow',
                  caller: 'public',
                  answer: z.object({ done: z.boolean() }),
                },
                async () => {
                  entered();
                  await pause(300);
                  return { done: true };
                },
              ),
            ],
          },
        ],
      }),
    );
    let entered = () => {};
    const inside = new Promise<void>(resolve => {
      entered = resolve;
    });
    const answer = own.as(nobody()).get('/api/v1/slow');
    await inside;
    const stopped = own.stop();
    expect((await answer).body.data.done).toBe(true);
    await stopped;
  });
});
