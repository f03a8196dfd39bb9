import { createHash, randomUUID } from 'node:crypto';
import { endpoints, error, form, json, multipart, raw } from '@rivergate/endpoint';
import { expectError, nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const MEBIBYTE = 1024 * 1024;
const Fields = z.object({
  name: z.string().max(20),
  count: z.int().optional(),
  secret: z.boolean().optional(),
  scopes: z.array(z.string()).max(3).optional(),
  sizes: z.array(z.int()).max(3).optional(),
});
const answer = z.object({ body: Fields });
const shared = { method: 'post', summary: 'Take it', caller: 'public', idempotency: false } as const;

const scim = endpoint(
  {
    ...shared,
    operation: 'takeScim',
    path: '/people',
    accepts: [json('application/scim+json', 'application/json')],
    body: Fields,
    answer,
  },
  async ({ body }) => ({ body }),
);
const plainForm = endpoint(
  {
    ...shared,
    operation: 'takeForm',
    path: '/form',
    accepts: [form({ maxFields: 8 })],
    body: Fields,
    answer,
  },
  async ({ body }) => ({ body }),
);
const oauthForm = endpoint(
  {
    ...shared,
    operation: 'takeOAuthForm',
    path: '/oauth-form',
    accepts: [form({ oauth: true })],
    body: Fields,
    answer,
  },
  async ({ body }) => ({ body }),
);

const Unwanted = error('UNWANTED', 409, 'Nobody wants it');
const Taken = z.object({
  body: Fields.partial().extend({ idempotency_key: z.string().optional() }),
  files: z.array(
    z.object({
      part: z.string().nullable(),
      filename: z.string().nullable(),
      type: z.string(),
      bytes: z.int(),
      sha256: z.string(),
    }),
  ),
});
/** What the steps of `takeFiles` did. */
const steps: string[] = [];
const takeFiles = endpoint(
  {
    ...shared,
    operation: 'takeFiles',
    path: '/files',
    accepts: [
      multipart({
        maxFields: 5,
        files: {
          document: { types: ['text/plain', 'application/pdf'], maxBytes: MEBIBYTE },
          extra: { types: ['text/plain'], maxBytes: 100, maxCount: 2, optional: true },
        },
      }),
      raw({ types: ['application/octet-stream'], maxBytes: 2 * MEBIBYTE }),
      json(),
    ],
    body: Fields.partial().extend({ idempotency_key: z.string().optional() }),
    query: z.object({ until: z.enum(['first', 'never', 'refused', 'swallowed']).optional() }),
    answer: Taken,
    errors: [Unwanted],
    idempotency: { seconds: 60 },
  },
  {
    async prepare({ files, query }) {
      const taken: z.input<typeof Taken>['files'] = [];
      if (query.until === 'swallowed') {
        try {
          for await (const _ of files);
        } catch {}
        return taken;
      }
      for await (const { part, filename, type, content } of files) {
        steps.push(`file ${part}`);
        if (query.until === 'refused') throw Unwanted();
        const hash = createHash('sha256');
        let bytes = 0;
        for await (const chunk of content) {
          bytes += chunk.length;
          hash.update(chunk);
          if (query.until === 'never') break;
        }
        taken.push({ part, filename, type, bytes, sha256: hash.digest('hex') });
        if (query.until === 'first') break;
      }
      steps.push('prepared');
      return taken;
    },
    async undo() {
      steps.push('undone');
    },
    async handle({ body, prepared }) {
      steps.push('handled');
      return { body, files: prepared };
    },
  },
);

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(
    defineService({
      name: 'policy',
      modules: [{ tag: 'Bodies', endpoints: [scim, plainForm, oauthForm, takeFiles] }],
    }),
  );
});
afterAll(() => service?.stop());
beforeEach(() => void steps.splice(0));

const send = (path: string, body: string | Buffer, type?: string, headers = {}) =>
  service.as(nobody()).post(`/api/v1${path}`, undefined, {
    raw: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { ...(type ? { 'content-type': type } : {}), ...headers },
  });

describe('media types', () => {
  it('are those of the declaration, whatever their case and parameters', async () => {
    for (const type of [
      'application/scim+json',
      'Application/JSON',
      'application/scim+json; charset=utf-8',
      'application/json ;charset="UTF-8"',
    ])
      await send('/people', '{"name":"Ada"}', type).expect(200);
  });
  it.each([
    ['/people', 'application/scim+json, application/json'],
    ['/form', 'application/x-www-form-urlencoded'],
    ['/files', 'multipart/form-data, application/octet-stream, application/json'],
  ])('415 for any other at %s, with those that are taken', async (path, accepted) => {
    for (const type of [
      'text/plain',
      'application/hal+json',
      'application/scim+jsonp',
      'multipart/mixed; boundary=x',
      'application/json; charset=utf-16',
      '',
      ';',
    ]) {
      if (path !== '/form' && type === '') continue;
      const response = await send(path, 'name=Ada', type);
      expectError(response, 415, 'UNSUPPORTED_MEDIA_TYPE');
      expect(response.headers.get('accept')).toBe(accepted);
      expect(response.body.error.details[0].reason).toBe(`must be one of ${accepted}`);
    }
  });
  it('415 for a content coding, which says that none is taken', async () => {
    for (const [path, type] of [
      ['/people', 'application/json'],
      ['/form', 'application/x-www-form-urlencoded'],
      ['/files', 'application/octet-stream'],
    ] as const) {
      const response = await send(path, '{}', type, { 'content-encoding': 'gzip' });
      expectError(response, 415, 'UNSUPPORTED_MEDIA_TYPE');
      expect(response.headers.get('accept-encoding')).toBe('identity');
    }
  });
});

describe('a form', () => {
  const FORM = 'application/x-www-form-urlencoded';
  it('is read as its schema says, with numbers, booleans and lists', async () => {
    const text = 'name=Ad%C3%A4+L&count=7&secret=true&scopes=read&sizes=1&sizes=2&';
    expect((await send('/form', text, FORM).expect(200)).body.data.body).toEqual({
      name: 'Adä L',
      count: 7,
      secret: true,
      scopes: ['read'],
      sizes: [1, 2],
    });
  });
  it.each([
    ['a parameter that is repeated and no list', 'name=a&name=b'],
    ['an unknown parameter', 'name=a&surprise=1'],
    ['a parameter that means something to JavaScript', 'name=a&__proto__=1'],
    ['a number that is none', 'name=a&count=0x1'],
    ['too many parameters', `name=a${'&scopes=a'.repeat(8)}`],
    ['NUL', 'name=a%00b'],
    ['nothing where something is required', 'count=1'],
  ])('422 for %s', async (_, text) => {
    expectError(await send('/form', text, FORM), 422, 'VALIDATION_ERROR');
  });
  it.each([
    ['a broken escape', 'name=%'],
    ['an escape that is no UTF-8', 'name=%ff'],
    ['bytes that are no UTF-8', Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3d, 0xff])],
  ])('400 for %s', async (_, text) => {
    expectError(await send('/form', text, FORM), 400, 'MALFORMED_REQUEST');
  });
  it('of a million parameters is refused before they are read', async () => {
    expectError(await send('/form', 'a&'.repeat(100_000), FORM), 422, 'VALIDATION_ERROR');
    expectError(await send('/form', 'a&'.repeat(1_000_000), FORM), 413, 'REQUEST_ENTITY_TOO_LARGE');
  });
  it('by the rules of OAuth ignores what it does not know and what is empty, and refuses repetition', async () => {
    const { body } = await send('/oauth-form', 'name=a&surprise=1&surprise=2&count=', FORM).expect(200);
    expect(body.data.body).toEqual({ name: 'a' });
    expectError(await send('/oauth-form', 'name=a&name=b', FORM), 422, 'VALIDATION_ERROR');
    expectError(await send('/oauth-form', 'name=', FORM), 422, 'VALIDATION_ERROR');
  });
});

type PartOptions = { filename?: string; type?: string; headers?: string };
function part(name: string, content: string, { filename, type, headers = '' }: PartOptions = {}) {
  const file = filename === undefined ? '' : `; filename="${filename}"`;
  const typed = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  return `--x\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${typed}${headers}\r\n${content}\r\n`;
}
const document = (content = 'text', more: PartOptions = {}) =>
  part('document', content, { filename: 'a.txt', type: 'text/plain', ...more });
const MULTIPART = 'multipart/form-data; boundary=x';
const sendParts = (...parts: string[]) =>
  send('/files', Buffer.from(`${parts.join('')}--x--\r\n`), MULTIPART);
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe('a multipart body', () => {
  it('gives its fields, checked, and then its files one by one', async () => {
    const { body } = await sendParts(
      part('name', 'Adä'),
      part('count', '7'),
      part('scopes', 'read'),
      document('Hello', { filename: 'Bücher & "more".txt'.replaceAll('"', '%22') }),
      part('extra', '', { type: 'text/plain' }),
      part('extra', 'second', { type: 'text/plain; charset=utf-8' }),
    ).expect(200);
    const extra = { part: 'extra', filename: null, type: 'text/plain' };
    expect(body.data).toEqual({
      body: { name: 'Adä', count: 7, scopes: ['read'] },
      files: [
        {
          part: 'document',
          filename: 'Bücher & %22more%22.txt',
          type: 'text/plain',
          bytes: 5,
          sha256: sha256('Hello'),
        },
        { ...extra, bytes: 0, sha256: sha256('') },
        { ...extra, bytes: 6, sha256: sha256('second') },
      ],
    });
    expect(steps).toEqual(['file document', 'file extra', 'file extra', 'prepared', 'handled']);
  });
  it('is written by the typed client as it is read', async () => {
    const files = [
      { part: 'document', filename: 'a"b.txt', type: 'text/plain', content: Buffer.from('Hello') },
    ];
    const data = await service
      .as(nobody())
      .call(takeFiles, { query: {}, body: { name: 'A', sizes: [1, 2] }, files });
    expect(data).toMatchObject({
      body: { name: 'A', sizes: [1, 2] },
      files: [{ filename: 'a%22b.txt', bytes: 5 }],
    });
  });
  it.each([
    ['a field that its schema refuses, before any file', [part('count', 'x'), document()], 'body.count'],
    ['an unknown field', [part('surprise', 'x'), document()], 'body.surprise'],
    ['a field that is repeated and no list', [part('name', 'a'), part('name', 'b'), document()], 'body.name'],
    ['NUL in a field', [part('name', 'a\0b'), document()], 'body.name'],
    ['a field after a file', [document(), part('name', 'late')], 'body.name'],
    ['an unknown file', [part('surprise', 'x', { filename: 'x' }), document()], 'body.surprise'],
    [
      'a file that means something to JavaScript',
      [part('__proto__', 'x', { filename: 'x' })],
      'body.__proto__',
    ],
    ['a second file of one name', [document(), document()], 'body.document'],
    ['no file where one is required', [part('name', 'a')], 'body.document'],
    ['a path for a filename', [document('x', { filename: '../../etc/passwd' })], 'body.document.filename'],
    ['a path of Windows', [document('x', { filename: 'C:\\\\a.txt' })], 'body.document.filename'],
    ['NUL in a filename', [document('x', { filename: 'a.txt\0.png' })], 'body.document.filename'],
    [
      'a filename that turns its direction',
      [document('x', { filename: 'a\u202etxt.exe' })],
      'body.document.filename',
    ],
    ['a filename without end', [document('x', { filename: 'a'.repeat(300) })], 'body.document.filename'],
    ['too many fields', Array.from({ length: 6 }, () => part('scopes', 'a')), 'body'],
    ['10,000 parts', Array.from({ length: 10_000 }, () => part('scopes', 'a')), 'body'],
    ['10,000 files', Array.from({ length: 10_000 }, () => document()), 'body'],
  ])('422 for %s', async (_, parts, field) => {
    const response = await sendParts(...parts);
    expectError(response, 422, 'VALIDATION_ERROR');
    expect(response.body.error.details[0].field).toBe(field);
    expect(steps).not.toContain('handled');
  });
  it('415 for a file of another type, with those that are taken', async () => {
    const response = await sendParts(document('<svg/>', { type: 'image/svg+xml' }));
    expectError(response, 415, 'UNSUPPORTED_MEDIA_TYPE');
    expect(response.body.error.details).toEqual([
      { field: 'body.document', code: 'not_allowed', reason: 'must be one of text/plain, application/pdf' },
    ]);
  });
  it.each([
    ['a file', [part('extra', 'x'.repeat(101), { type: 'text/plain' })]],
    ['the first file', [document('x'.repeat(MEBIBYTE + 1))]],
    ['the fields together', [part('name', 'x'.repeat(200_000)), part('count', 'x'.repeat(100_000))]],
    ['the body', [part('name', 'x'.repeat(3 * MEBIBYTE))]],
  ])('413 for %s beyond its limit', async (_, parts) => {
    expectError(await sendParts(...parts), 413, 'REQUEST_ENTITY_TOO_LARGE');
    expect(steps).not.toContain('handled');
  });
  it.each([
    ['no boundary', `${document()}--x--\r\n`, 'multipart/form-data'],
    ['an empty boundary', `${document()}--x--\r\n`, 'multipart/form-data; boundary='],
    ['an empty boundary in quotes', `${document()}--x--\r\n`, 'multipart/form-data; boundary=""'],
    ['another boundary', `${document()}--x--\r\n`, 'multipart/form-data; boundary=y'],
    ['no end', document(), MULTIPART],
    ['an end in the middle of a file', document().slice(0, -4), MULTIPART],
    ['an end in the middle of the headers', document().slice(0, 40), MULTIPART],
    ['nothing in it', '', MULTIPART],
    [
      'no UTF-8 in a field',
      Buffer.concat([
        Buffer.from(part('name', 'a').slice(0, -2)),
        Buffer.from([0xff, 13, 10]),
        Buffer.from('--x--\r\n'),
      ]),
      MULTIPART,
    ],
    [
      'a transfer encoding in a part',
      `${document('aGk=', { headers: 'Content-Transfer-Encoding: base64\r\n' })}--x--\r\n`,
      MULTIPART,
    ],
    ['a part without a name', '--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n', MULTIPART],
  ])('400 for %s', async (_, body, type) => {
    expectError(await send('/files', body, type), 400, 'MALFORMED_REQUEST');
    expect(steps).not.toContain('handled');
  });
  it('that is wrong is refused also where its endpoint looks away', async () => {
    const parts = `${document('<svg/>', { type: 'image/svg+xml' })}${document()}--x--\r\n`;
    expectError(await send('/files?until=swallowed', parts, MULTIPART), 415, 'UNSUPPORTED_MEDIA_TYPE');
    expect(steps).toEqual(['undone']);
  });
  it('may be refused by its endpoint in the middle', async () => {
    const parts = `${document('x'.repeat(500_000))}--x--\r\n`;
    expectError(await send('/files?until=refused', parts, MULTIPART), 409, 'UNWANTED');
    expect(steps).toEqual(['file document']);
  });
  it('is read and checked to its end though its endpoint looks at the first file only', async () => {
    await send(
      '/files?until=first',
      `${document()}${part('extra', 'x', { type: 'text/plain' })}--x--\r\n`,
      MULTIPART,
    ).expect(200);
    steps.splice(0);
    expectError(await send('/files?until=first', document(), MULTIPART), 400, 'MALFORMED_REQUEST');
    const tooLarge = `${document()}${part('extra', 'x'.repeat(101), { type: 'text/plain' })}--x--\r\n`;
    expectError(await send('/files?until=first', tooLarge, MULTIPART), 413, 'REQUEST_ENTITY_TOO_LARGE');
    expect(steps).toEqual(['file document', 'file document', 'prepared', 'undone']);
  });
});

describe('beside files, JSON', () => {
  it('is taken without any, and no larger than elsewhere', async () => {
    expect((await send('/files', '{"name":"A"}', 'application/json').expect(200)).body.data.files).toEqual(
      [],
    );
    const large = JSON.stringify({ name: 'x'.repeat(MEBIBYTE) });
    expectError(await send('/files', large, 'application/json'), 413, 'REQUEST_ENTITY_TOO_LARGE');
  });
});

describe('a raw body', () => {
  const RAW = 'application/octet-stream';
  it('is one file, which may be empty', async () => {
    const { body } = await send('/files', 'Hello', RAW).expect(200);
    const file = { part: null, filename: null, type: RAW };
    expect(body.data.files).toEqual([{ ...file, bytes: 5, sha256: sha256('Hello') }]);
    const empty = await send('/files', '', RAW, { 'content-length': '0' }).expect(200);
    expect(empty.body.data.files).toEqual([{ ...file, bytes: 0, sha256: sha256('') }]);
  });
  it('413 beyond its limit', async () => {
    const answered = await send('/files', Buffer.alloc(2 * MEBIBYTE + 1), RAW);
    expectError(answered, 413, 'REQUEST_ENTITY_TOO_LARGE');
    expect(steps).not.toContain('handled');
  });
  it('that its endpoint does not read to the end is a mistake of the endpoint', async () => {
    const answered = await send('/files?until=never', Buffer.alloc(MEBIBYTE), RAW);
    expectError(answered, 500, 'INTERNAL_ERROR');
    expect(steps).toEqual(['file null', 'prepared', 'undone']);
  });
});

describe('the same idempotency key', () => {
  const once = (key: string, content: string, boundary = 'x') =>
    send(
      '/files',
      `${document(content)}--x--\r\n`.replaceAll('--x', `--${boundary}`),
      `multipart/form-data; boundary=${boundary}`,
      { 'idempotency-key': key },
    );
  it('with the same content is a replay, whatever separates its parts, and takes back what it prepared', async () => {
    const key = randomUUID();
    const first = await once(key, 'Hello').expect(200);
    const again = await once(key, 'Hello', 'other-boundary').expect(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(steps).toEqual(['file document', 'prepared', 'handled', 'file document', 'prepared', 'undone']);
  });
  it('with other content of the same length is a conflict', async () => {
    const key = randomUUID();
    await once(key, 'Hello').expect(200);
    expectError(await once(key, 'Hallo'), 409, 'IDEMPOTENCY_CONFLICT');
    expect(steps.filter(step => step === 'handled')).toHaveLength(1);
  });
  it('in a field stands for the content too', async () => {
    const key = part('idempotency_key', randomUUID());
    await sendParts(key, document('Hello')).expect(200);
    expectError(await sendParts(key, document('Hallo')), 409, 'IDEMPOTENCY_CONFLICT');
  });
  it('ten times at once is carried out once', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => once(key, 'Hello')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(steps.filter(step => step === 'handled')).toHaveLength(1);
    expect(steps.filter(step => step === 'undone')).toHaveLength(9);
  });
});

describe('a declaration', () => {
  const declare = (more: object) =>
    endpoint({ ...shared, operation: 'x', path: '/x', ...more } as never, (async () => {}) as never);
  it('is refused that takes files without a step to receive them in', () => {
    expect(() => declare({ accepts: [raw({ types: ['a/b'], maxBytes: 1 })] })).toThrow('no step to receive');
  });
  it('is refused that takes one media type in two ways', () => {
    expect(() => declare({ accepts: [json('a/b'), raw({ types: ['a/b'], maxBytes: 1 })] })).toThrow(
      'in two ways',
    );
  });
  it('is refused that limits a body which is a file twice', () => {
    const more = { accepts: [raw({ types: ['a/b'], maxBytes: 1 })], bodyLimit: 1 };
    expect(() => declare(more)).toThrow('twice');
  });
});
