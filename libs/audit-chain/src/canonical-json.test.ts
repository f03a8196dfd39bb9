import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { type ChainedDatabase, chainedDatabase } from './testing/chained-database.ts';

let database: ChainedDatabase;
beforeAll(async () => {
  database = await chainedDatabase();
});
afterAll(() => database?.drop());

async function inPostgres(values: unknown[]): Promise<string[]> {
  const rows = await database.admin(
    'select inventory.canonical_json(value) as text from jsonb_array_elements($1::jsonb) value',
    [JSON.stringify(values)],
  );
  return rows.map(({ text }) => text as string);
}

/** What PostgreSQL takes as jsonb: no zero character, no half of a pair. */
const text = fc.string({ unit: 'binary' }).map(drawn => drawn.replaceAll('\0', '').toWellFormed());
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

it('is what RFC 8785 says, by its author’s implementation, in PostgreSQL too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(json, { minLength: 1, maxLength: 30 }), async values => {
      const expected = values.map(value => canonicalize(value));
      expect(values.map(canonicalJson)).toEqual(expected);
      expect(await inPostgres(values)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

it('writes numbers and names as the examples of RFC 8785 do', async () => {
  const numbers = [
    1 / 3,
    1e30,
    4.5,
    2e-3,
    1e-27,
    1e21,
    1e20,
    -0,
    1e-6,
    9.999e-7,
    5e-324,
    1.7976931348623157e308,
    2 ** 53 + 2,
    123456789012345680,
    -1e-7,
    1.0,
  ];
  expect(await inPostgres(numbers)).toEqual(numbers.map(number => JSON.stringify(number)));
  const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  const sorted = '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}';
  expect(await inPostgres([names])).toEqual([sorted]);
  expect(canonicalJson(names)).toBe(sorted);
});
