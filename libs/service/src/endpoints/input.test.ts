import { displayText, EmailAddress, endpoints, Id, Timestamp } from '@rivergate/endpoint';
import {
  expectError,
  nobody,
  type ServiceUnderTest,
  startServiceUnderTest,
  type TestAnswer,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const MEBIBYTE = 1024 * 1024;
const Guest = z.object({
  email: EmailAddress,
  seat: z.int().min(1).max(20),
  vip: z.boolean(),
  name: z.string(),
});

const invite = endpoint(
  {
    operation: 'inviteGuests',
    method: 'post',
    path: '/parties/:party_id',
    summary: 'Invite guests',
    caller: 'public',
    params: z.object({ party_id: Id }),
    query: z.object({ limit: z.int().min(1).max(9).default(5) }),
    body: z.object({
      name: displayText(10).optional(),
      seats: z.int().min(1).max(20).optional(),
      kind: z.enum(['dinner', 'dance']).optional(),
      at: Timestamp.optional(),
      until: z.union([Timestamp, z.null()]).optional(),
      guests: z.array(Guest).max(50).optional(),
      document: z.record(z.string(), z.unknown()).optional(),
    }),
    answer: z.object({ at: z.string().nullable() }),
    bodyLimit: 4 * MEBIBYTE,
    idempotency: false,
  },
  async ({ body }) => ({ at: body.at ?? null }),
);

const comeBack = endpoint(
  {
    operation: 'comeBack',
    method: 'get',
    path: '/returns',
    summary: 'Takes a query to which others add',
    caller: 'public',
    query: z.looseObject({ code: z.string() }),
    answer: z.object({ query: z.record(z.string(), z.unknown()) }),
  },
  async ({ query }) => ({ query }),
);

const importMany = endpoint(
  {
    operation: 'importMany',
    method: 'post',
    path: '/imports',
    summary: 'Takes more values than others',
    caller: 'public',
    body: z.object({ rows: z.array(z.int()).max(20_000) }),
    answer: z.object({ rows: z.int() }),
    valueLimit: 20_010,
    idempotency: false,
  },
  async ({ body }) => ({ rows: body.rows.length }),
);

let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(
    defineService({
      name: 'policy',
      modules: [{ tag: 'Parties', endpoints: [invite, importMany, comeBack] }],
    }),
  );
});
afterAll(() => service?.stop());

const send = (body: unknown) => service.as(nobody()).post('/api/v1/parties/1', body);
const sendRaw = (raw: string, headers = {}) =>
  service.as(nobody()).post('/api/v1/parties/1', undefined, { raw, headers });

async function detailsOf(body: unknown): Promise<{ field: string; code: string; reason: string }[]> {
  const answer = await send(body);
  expectError(answer, 422, 'VALIDATION_ERROR');
  return answer.body.error.details;
}

function expectSmall(answer: TestAnswer): void {
  expect(answer.text.length).toBeLessThan(10_000);
  expect(answer.body.error.details.length).toBeLessThanOrEqual(20);
  for (const { field } of answer.body.error.details) expect(field.length).toBeLessThanOrEqual(200);
}

describe('hostile input', () => {
  /** Nested objects of long keys, each with something wrong in it: the answer to 250 KB of it was 166 MB. */
  const nestedLongKeys = () => {
    let document: object = { end: '\0' };
    for (let level = 0; level < 50; level++) {
      document = { [`${level}${'k'.repeat(4_900)}`]: document, bad: '\0', worse: ['\0', '\0', '\0'] };
    }
    return JSON.stringify({ document });
  };

  it('of nested long keys gets a short answer', async () => {
    const answer = await sendRaw(nestedLongKeys());
    expectError(answer, 422, 'VALIDATION_ERROR');
    expectSmall(answer);
    expect(answer.body.error.details).toHaveLength(20);
  });
  it('of 20,000 unknown fields gets a short answer', async () => {
    const unknown = Object.fromEntries(
      Array.from({ length: 9_000 }, (_, i) => [`${i}${'x'.repeat(300)}`, 1]),
    );
    const answer = await send(unknown);
    expectError(answer, 422, 'VALIDATION_ERROR');
    expectSmall(answer);
  });
  it('of a list longer than declared is refused for its length, whatever its elements are', async () => {
    expect(await detailsOf({ guests: Array.from({ length: 9_000 }, () => ({})) })).toEqual([
      { field: 'body.guests', code: 'too_big', reason: 'must hold at most 50' },
    ]);
  });
  it.each([
    ['a document of 100,000 keys', () => `{"document":{${numbered(100_000, i => `"k${i}":1`)}}}`],
    ['an array of 700,000 elements', () => `{"document":{"a":[${numbered(700_000, () => '1')}]}}`],
    ['a list of 700,000 where another is declared', () => `{"guests":[${numbered(700_000, () => '1')}]}`],
    ['500,000 empty lists', () => `{"document":{"a":[${numbered(500_000, () => '[]')}]}}`],
  ])('of %s is refused for its size, at once', async (_, text) => {
    const hostile = text();
    const honest = JSON.stringify({ document: { text: 'x'.repeat(hostile.length) } });
    const [usual, taken] = [await fastest(honest), await fastest(hostile)];
    const answer = await sendRaw(hostile);
    expectError(answer, 422, 'VALIDATION_ERROR');
    expect(answer.body.error.details).toEqual([
      { field: 'body', code: 'too_big', reason: 'must hold at most 10000 values' },
    ]);
    expect(taken).toBeLessThan(usual * 5);
  });
  it('of a string without end costs no more than one that ends', async () => {
    const honest = JSON.stringify({ document: { text: '"'.repeat(MEBIBYTE) } });
    const hostile = `{"document":{"${'\\"'.repeat(MEBIBYTE)}`;
    expectError(await sendRaw(hostile), 400, 'MALFORMED_REQUEST');
    expect(await fastest(hostile)).toBeLessThan((await fastest(honest)) * 5);
  });
  it('may hold more where the endpoint declares it', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => i);
    expect(await service.as(nobody()).call(importMany, { body: { rows } })).toEqual({ rows: 20_000 });
  });
  it('cannot be declared: an endpoint that takes a list without a maximum does not boot', async () => {
    const spec = { ...invite.spec, body: z.object({ nested: z.array(z.array(z.int())).max(3).optional() }) };
    const definition = defineService({
      name: 'policy',
      modules: [{ tag: 'Parties', endpoints: [{ ...invite, spec }], migrations: [] }],
    });
    await expect(startServiceUnderTest(definition)).rejects.toThrow(
      'post /api/v1/parties/:party_id takes a list without a maximum',
    );
  });
});

const numbered = (count: number, one: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => one(index)).join(',');

/** Milliseconds: of several tries the fastest, so that a busy machine does not decide. */
async function fastest(body: string): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 7; tries++) {
    const began = performance.now();
    await sendRaw(body);
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

describe('what is wrong', () => {
  it.each([
    [{ seats: 0 }, 'body.seats', 'too_small', 'must be at least 1'],
    [{ seats: 21 }, 'body.seats', 'too_big', 'must be at most 20'],
    [{ seats: 1.5 }, 'body.seats', 'invalid_type', 'must be a whole number'],
    [{ seats: '3' }, 'body.seats', 'invalid_type', 'must be a whole number'],
    [{ seats: null }, 'body.seats', 'invalid_type', 'must be a whole number'],
    [{ name: 7 }, 'body.name', 'invalid_type', 'must be text'],
    [{ name: ' ' }, 'body.name', 'too_small', 'must not be empty'],
    [{ name: 'x'.repeat(11) }, 'body.name', 'too_big', 'must be at most 10 characters long'],
    [{ name: 'a\u0007b' }, 'body.name', 'invalid_format', 'must not hold control characters'],
    [{ kind: 'wake' }, 'body.kind', 'not_allowed', 'must be one of dinner, dance'],
    [{ at: 'soon' }, 'body.at', 'invalid_format', 'must be a moment such as 2026-01-31T12:00:00Z'],
    [{ until: 'soon' }, 'body.until', 'invalid_format', 'must be a moment such as 2026-01-31T12:00:00Z'],
    [{ until: 7 }, 'body.until', 'invalid_type', 'must be text or null'],
    [{ guests: {} }, 'body.guests', 'invalid_type', 'must be a list'],
    [{ document: [] }, 'body.document', 'invalid_type', 'must be an object'],
    [{ hat: 1 }, 'body.hat', 'unknown_field', 'is not a known field'],
    [{ name: 'a\0' }, 'body.name', 'invalid_format', 'must not hold the NUL character'],
  ])('is said plainly, and by a code for programs: %j', async (body, field, code, reason) => {
    expect(await detailsOf(body)).toContainEqual({ field, code, reason });
  });
  it('is named for each field of each element', async () => {
    const guest = { email: 'ada@example.com', seat: 1, vip: true, name: 'Ada' };
    expect(await detailsOf({ guests: [guest, { email: 'no', seat: 0, vip: 'yes' }] })).toEqual([
      { field: 'body.guests.1.email', code: 'invalid_format', reason: 'must be an email address' },
      { field: 'body.guests.1.seat', code: 'too_small', reason: 'must be at least 1' },
      { field: 'body.guests.1.vip', code: 'invalid_type', reason: 'must be true or false' },
      { field: 'body.guests.1.name', code: 'required', reason: 'is required' },
    ]);
  });
  it('is named in path and query as well', async () => {
    const path = await service.as(nobody()).post('/api/v1/parties/0', {});
    expect(path.body.error.details).toEqual([
      { field: 'params.party_id', code: 'too_small', reason: 'must be at least 1' },
    ]);
    const query = await service.as(nobody()).post('/api/v1/parties/1?limit=x', {});
    expect(query.body.error.details).toEqual([
      { field: 'query.limit', code: 'invalid_type', reason: 'must be a whole number' },
    ]);
  });
  it('is a parameter that nobody declared, but in a query to which others add: there it is dropped', async () => {
    const closed = await service.as(nobody()).post('/api/v1/parties/1?more=x', {});
    expect(closed.body.error.details).toMatchObject([{ field: 'query.more', code: 'unknown_field' }]);
    const open = await service.as(nobody()).get('/api/v1/returns?code=7&more=x&__proto__=y');
    expect(open.body.data).toEqual({ query: { code: '7' } });
    expectError(await service.as(nobody()).get('/api/v1/returns?more=x'), 422, 'VALIDATION_ERROR');
  });
});

describe('a moment', () => {
  it.each([
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00.000Z'],
    ['2025-12-31T23:30:00.5-00:30', '2026-01-01T00:00:00.500Z'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  ])('may carry an offset, and is answered in UTC: %s', async (at, utc) => {
    expect((await send({ at })).body.data.at).toBe(utc);
  });
  it.each([
    '0000-06-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01',
  ])('that PostgreSQL could not keep is refused: %s', async at => {
    expect((await send({ at })).status).toBe(422);
  });
});

describe('a coded body', () => {
  it.each(['gzip', 'br', 'x-unknown', 'identity, gzip'])(
    'is 415 and told what is taken: %s',
    async coding => {
      const answer = await sendRaw('{}', { 'content-encoding': coding });
      expectError(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
      expect(answer.headers.get('accept-encoding')).toBe('identity');
    },
  );
  it('is read when its coding is none', async () => {
    expect((await sendRaw('{}', { 'content-encoding': 'identity' })).status).toBe(200);
  });
});
