import { acrossOrganizations, endpoints, error, Id } from '@rivergate/endpoint';
import {
  administrator,
  eventually,
  expectError,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService, tenantTable } from '../index.ts';

const endpoint = endpoints();
const NoteNotFound = error('NOTE_NOT_FOUND', 404, 'No such note');
const Note = z.object({ id: Id, text: z.string(), writers: z.int() });
const address = { path: '/notes/:note_id', params: z.object({ note_id: Id }), errors: [NoteNotFound] };

const getNote = endpoint(
  {
    ...address,
    operation: 'getNote',
    method: 'get',
    summary: 'Read a note',
    caller: 'perm:policy.read',
    answer: Note,
  },
  async ({ params, db }) => {
    // Lifts row-level security, as some reads do: nothing of that may reach the change that it is compared for.
    await acrossOrganizations(db);
    const note = await db('notes').where({ id: params.note_id }).first('id', 'text', 'writers');
    return note ?? NoteNotFound();
  },
);

let holding = async () => {};
const changeNote = endpoint(
  {
    ...address,
    operation: 'changeNote',
    method: 'patch',
    summary: 'Change a note',
    caller: 'user',
    body: z.object({ text: z.string() }),
    answer: z.object({ seen: z.int() }),
  },
  async ({ params, body, db }) => {
    await holding();
    const counted = await db('notes').count({ notes: '*' }).first();
    await db('notes')
      .where({ id: params.note_id })
      .update({ text: body.text, writers: db.raw('writers + 1') });
    return { seen: Number(counted?.notes) };
  },
);
const removeNote = endpoint(
  {
    ...address,
    operation: 'removeNote',
    method: 'delete',
    summary: 'Remove a note',
    caller: 'user',
    status: 204,
  },
  async ({ params, db }) => void (await db('notes').where({ id: params.note_id }).delete()),
);
const addNote = endpoint(
  {
    operation: 'addNote',
    method: 'post',
    path: '/notes',
    summary: 'Write a note',
    caller: 'user',
    answer: z.object({ id: Id }),
  },
  async ({ caller, db }) => {
    const row = { text: 'x'.repeat(2_000), organization_id: caller.organizationId };
    return (await db('notes').insert(row).returning('id'))[0];
  },
);

const definition = defineService({
  name: 'policy',
  modules: [
    {
      tag: 'Notes',
      endpoints: [getNote, changeNote, removeNote, addNote],
      migrations: [
        {
          name: '0001_notes',
          async up(knex) {
            await knex.raw(`create table notes (id bigint generated always as identity primary key,
          organization_id bigint not null, text text not null, writers bigint not null default 0)`);
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
afterAll(() => service?.stop());

const as = (organizationId: number) => service.as(administrator({ userId: 1, organizationId }));
const admin = { get: (path: string, options = {}) => as(1).get(path, options) };
let id: number;
let path: string;
beforeEach(async () => {
  ({ id } = await as(1).call(addNote, {}));
  path = `/api/v1/notes/${id}`;
});
const tagOf = async () => (await admin.get(path, identity)).headers.get('etag')!;
const identity = { headers: { 'accept-encoding': 'identity' } };
const change = (text: string, headers: Record<string, string> = {}) =>
  as(1).patch(path, { text }, { headers });

describe('a read', () => {
  it('carries a strong entity tag that changes with what it shows', async () => {
    const first = await tagOf();
    expect(first).toMatch(/^"[0-9a-f]+"$/);
    expect(await tagOf()).toBe(first);
    await change('another');
    expect(await tagOf()).not.toBe(first);
  });
  it('is 304 without a body for who has it, however the tag came', async () => {
    const tag = await tagOf();
    const coded = tag.replace(/"$/, '-gzip"');
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, coded, '*']) {
      const answer = await admin.get(path, { headers: { 'if-none-match': known } });
      expect([answer.status, answer.text], known).toEqual([304, '']);
      expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    }
    for (const other of ['"other"', tag.replaceAll('"', ''), 'W/""']) {
      expect((await admin.get(path, { headers: { 'if-none-match': other } })).status, other).toBe(200);
    }
  });
  it('is decided on rights first: a tag opens nothing', async () => {
    const headers = { 'if-none-match': await tagOf() };
    const member = service.as(signedIn({ userId: 2, organizationId: 1 }));
    expectError(await member.get(path, { headers }), 403, 'FORBIDDEN');
  });
});

describe('compression', () => {
  const raw = (headers: Record<string, string>) => admin.get(path, { headers });
  it.each([
    ['br, gzip', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', null],
    ['zstd', null],
  ])('of a read follows what the caller accepts: %s', async (accepted, coding) => {
    const answer = await raw({ 'accept-encoding': accepted });
    expect(answer.headers.get('content-encoding')).toBe(coding);
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(answer.body.data.text).toHaveLength(2_000);
    if (coding) expect(Number(answer.headers.get('content-length'))).toBeLessThan(1_000);
    expect(answer.headers.get('etag')).toBe(
      coding ? (await tagOf()).replace(/"$/, `-${coding}"`) : await tagOf(),
    );
  });
  it('leaves small answers alone', async () => {
    await change('small');
    const answer = await raw({ 'accept-encoding': 'br, gzip' });
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
  });
  it('leaves the answers to changes alone, which may hold tokens', async () => {
    const keyed = { 'accept-encoding': 'br, gzip', 'idempotency-key': 'k'.repeat(256) };
    const answer = await as(1).post('/api/v1/notes', { filler: 'x'.repeat(2_000) }, { headers: keyed });
    expect(answer.headers.get('content-encoding')).toBeNull();
  });
});

describe('a change', () => {
  it('with the tag of what is there is made, also with that of a coded answer', async () => {
    expect((await change('one', { 'if-match': await tagOf() })).status).toBe(200);
    const coded = (await tagOf()).replace(/"$/, '-br"');
    expect((await change('two', { 'if-match': `"other", ${coded}` })).status).toBe(200);
    expect((await change('three', { 'if-match': '*' })).status).toBe(200);
  });
  it('with another tag is 412 and changes nothing', async () => {
    const stale = await tagOf();
    await change('newer');
    for (const other of [stale, `W/${await tagOf()}`, '"x"', 'nonsense', '']) {
      expectError(await change('lost', { 'if-match': other }), 412, 'PRECONDITION_FAILED');
    }
    expectError(
      await as(1).delete(path, undefined, { headers: { 'if-match': stale } }),
      412,
      'PRECONDITION_FAILED',
    );
    expect((await admin.get(path)).body.data).toEqual({ id, text: 'newer', writers: 1 });
  });
  it('of ten at once with the same tag is made once', async () => {
    const tag = await tagOf();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => change(`by ${i}`, { 'if-match': tag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    expect((await admin.get(path)).body.data.writers).toBe(1);
  });
  it('that is conditional waits for one that is not, and sees it', async () => {
    const tag = await tagOf();
    let entered = () => {};
    let leave = () => {};
    const inside = new Promise<void>(resolve => (entered = resolve));
    const left = new Promise<void>(resolve => (leave = resolve));
    holding = () => {
      holding = async () => {};
      entered();
      return left;
    };
    const unconditional = change('unconditional');
    await inside;
    const conditional = change('conditional', { 'if-match': tag });
    await eventually(async () => {
      const { rows } = await service.resources.knex.raw(
        "select 1 from pg_locks where locktype = 'advisory' and not granted",
      );
      return rows.length > 0;
    }, 'a conditional change that waits');
    leave();
    expect((await unconditional).status).toBe(200);
    expectError(await conditional, 412, 'PRECONDITION_FAILED');
  });
  it('is not let out of its organization by the read that it is compared with', async () => {
    await as(2).call(addNote, {});
    const { seen } = await as(2).call(
      changeNote,
      { params: { note_id: id }, body: { text: 'x' } },
      { headers: { 'if-match': await tagOf() } },
    );
    expect(seen).toBe(1);
  });
  it('of what is not there answers as the read does', async () => {
    const missing = as(1).patch('/api/v1/notes/999999', { text: 'x' }, { headers: { 'if-match': '"x"' } });
    expectError(await missing, 404, 'NOTE_NOT_FOUND');
  });
  it('by a caller who may not read is refused before anything is compared', async () => {
    const member = service.as(signedIn({ userId: 2, organizationId: 1 }));
    const headers = { 'if-match': await tagOf() };
    expectError(await member.patch(path, { text: 'x' }, { headers }), 403, 'FORBIDDEN');
  });
  it('of what has no tag, such as a collection that is added to, is 412', async () => {
    const answer = await as(1).post('/api/v1/notes', {}, { headers: { 'if-match': '"x"' } });
    expectError(answer, 412, 'PRECONDITION_FAILED');
  });
  it('that was made already is answered again for its key, though its tag is old by now', async () => {
    const headers = { 'if-match': await tagOf(), 'idempotency-key': 'a change' };
    const keyed = () => as(1).patch(path, { text: 'once' }, { headers });
    const first = await keyed();
    expect(first.status).toBe(200);
    expect((await keyed()).body).toEqual(first.body);
  });
});
