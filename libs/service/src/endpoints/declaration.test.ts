import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ANSWERED, type Answered, endpoints, error, Id, Timestamp } from '@rivergate/endpoint';
import { expectError, nobody, type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const Undeclared = error('UNDECLARED', 409, 'Nobody declared this');
const Declared = error('DECLARED', 409, 'Somebody declared this');

const Note = z.object({
  id: Id,
  written_at: Timestamp.nullable(),
  tags: z.array(z.object({ name: z.string() })),
  document: z.record(z.string(), z.unknown()),
});
const note = () => ({
  id: 1,
  written_at: new Date(0),
  tags: [{ name: 'a' }],
  document: { free: { form: 1 } },
});

const outcomes: Record<string, () => unknown> = {
  kept: note,
  'an undeclared field': () => ({ ...note(), secret: 's' }),
  'an undeclared field, deep': () => ({ ...note(), tags: [{ name: 'a', secret: 's' }] }),
  'a field of another type': () => ({ ...note(), id: 'one' }),
  'a field less': () => ({ ...note(), tags: undefined }),
  'a declared failure': () => Declared(),
  'an undeclared failure': () => Undeclared(),
};
const give = (way: 'return' | 'throw') =>
  endpoint(
    {
      operation: `${way}Note`,
      method: 'get',
      path: `/${way}/:outcome`,
      summary: 'Keeps its declaration, or not',
      caller: 'public',
      params: z.object({ outcome: z.string() }),
      answer: Note,
      errors: [Declared],
    },
    async ({ params }) => {
      const outcome = outcomes[params.outcome]!();
      if (way === 'throw') throw outcome;
      return outcome as ReturnType<typeof note>;
    },
  );

const definition = defineService({
  name: 'policy',
  modules: [{ tag: 'Notes', endpoints: [give('return'), give('throw')], migrations: [] }],
});

const get = (service: ServiceUnderTest, outcome: string, way = 'return') =>
  service.as(nobody()).get(`/api/v1/${way}/${encodeURIComponent(outcome)}`);

describe('in tests', () => {
  let service: ServiceUnderTest;
  const causes: unknown[] = [];
  const note = (message: unknown) => causes.push((message as Answered).cause);
  beforeAll(async () => {
    subscribe(ANSWERED, note);
    service = await startServiceUnderTest(definition);
  });
  afterAll(async () => {
    unsubscribe(ANSWERED, note);
    await service?.stop();
  });

  it('an answer as declared goes out, with moments as text', async () => {
    const { status, body } = await get(service, 'kept');
    expect([status, body.data.written_at]).toEqual([200, '1970-01-01T00:00:00.000Z']);
    expect(body.data.document).toEqual({ free: { form: 1 } });
  });
  it.each([
    ['an undeclared field', 'answers fields that it does not declare: data.secret'],
    ['an undeclared field, deep', 'answers fields that it does not declare: data.tags.0.secret'],
    ['a field of another type', 'answers other than declared: id: '],
    ['a field less', 'answers other than declared: tags: '],
    ['an undeclared failure', 'does not declare 409 UNDECLARED'],
  ])('%s is a 500 whose cause names it', async (outcome, cause) => {
    expectError(await get(service, outcome), 500, 'INTERNAL_ERROR');
    expect(String(causes.at(-1))).toContain(`GET /api/v1/return/:outcome ${cause}`);
  });
  it('an undeclared failure that is thrown is one as well, with what was thrown as its cause', async () => {
    expectError(await get(service, 'an undeclared failure', 'throw'), 500, 'INTERNAL_ERROR');
    expect((causes.at(-1) as Error).cause).toMatchObject({ code: 'UNDECLARED' });
  });
  it.each(['return', 'throw'])('a declared failure is answered: %s', async way => {
    expectError(await get(service, 'a declared failure', way), 409, 'DECLARED');
  });
});

describe('in production', () => {
  let service: ServiceUnderTest;
  beforeAll(async () => {
    service = await startServiceUnderTest(definition, { env: { NODE_ENV: 'production' } });
  });
  afterAll(() => service?.stop());

  it.each(['an undeclared field', 'an undeclared field, deep'])('%s is not sent', async outcome => {
    const answer = await get(service, outcome);
    expect(answer.body.data).toEqual((await get(service, 'kept')).body.data);
    expect(answer.text).not.toContain('secret');
  });
  it.each(['a field of another type', 'a field less'])(
    '%s is a 500: nothing fits the declaration',
    async outcome => {
      expectError(await get(service, outcome), 500, 'INTERNAL_ERROR');
    },
  );
  it.each(['return', 'throw'])('an undeclared failure is answered and logged: %s', async way => {
    const logged = vi.spyOn(service.resources.log, 'error');
    expectError(await get(service, 'an undeclared failure', way), 409, 'UNDECLARED');
    expect(logged.mock.calls.map(([, message]) => message)).toEqual(['A refusal is not declared']);
    logged.mockRestore();
  });
});
