import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type JsonWriter, jsonWriter } from './json-writer.ts';
import { Id, Timestamp } from './schema.ts';
import { throughJson } from './through-json.ts';

/** What zod and JSON make of a value in three steps; undefined where the schema refuses it. */
function asked(schema: z.ZodType, value: unknown): string | undefined {
  const result = schema.safeParse(throughJson(value));
  return result.success ? JSON.stringify(result.data) : undefined;
}

/** A schema, and values that it takes. */
type Kind = { schema: z.ZodType; values: fc.Arbitrary<unknown> };

const kind = (schema: z.ZodType, values: fc.Arbitrary<unknown>): Kind => ({ schema, values });
const text = fc.string({ unit: 'binary' });

const LEAVES: Kind[] = [
  kind(z.string(), text),
  kind(z.string().min(1).max(5).meta({ description: 'short' }), text),
  kind(z.string().trim().toLowerCase(), text),
  kind(z.email(), fc.emailAddress()),
  kind(
    z.string().transform(given => given.length),
    text,
  ),
  kind(Id, fc.integer()),
  kind(Id.meta({ examples: [7] }), fc.integer({ min: 1 })),
  kind(z.int(), fc.maxSafeInteger()),
  kind(z.int32(), fc.integer()),
  kind(z.number().min(-1).lt(7), fc.double()),
  kind(z.number().multipleOf(3), fc.integer()),
  kind(z.boolean(), fc.boolean()),
  kind(z.null(), fc.constant(null)),
  kind(z.literal('a'), fc.constantFrom('a', 'b')),
  kind(z.literal([1, null, 'c']), fc.constantFrom(1, null, 'c')),
  kind(z.enum(['one', 'two"']), fc.constantFrom('one', 'two"', 'toString')),
  kind(Timestamp, fc.date()),
  kind(Timestamp.meta({ description: 'when' }), fc.date({ noInvalidDate: false })),
  kind(
    Timestamp,
    fc.date({ noInvalidDate: true }).map(date => date.toISOString().replace('Z', '+02:00')),
  ),
  kind(z.unknown(), fc.jsonValue()),
  kind(z.bigint(), fc.bigInt()),
  kind(z.string().default('none'), fc.option(text, { nil: undefined })),
  kind(z.union([z.object({ a: z.int() }), z.string()]), fc.oneof(text, fc.record({ a: fc.integer() }))),
];

const KEYS = ['id', 'a key', 'ä"', '7', 'toString', '__proto__', 'toJSON'];

const { kinds } = fc.letrec<{ kinds: Kind }>(tie => ({
  kinds: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...LEAVES),
    tie('kinds').map(({ schema, values }) => kind(schema.nullable(), fc.option(values))),
    tie('kinds').map(({ schema, values }) =>
      kind(
        z.array(schema).min(1).max(3),
        fc.oneof(fc.array(values, { maxLength: 4 }), fc.sparseArray(values)),
      ),
    ),
    tie('kinds').map(({ schema, values }) =>
      kind(z.record(z.string(), schema), fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), text), values)),
    ),
    fc
      .tuple(
        fc.dictionary(fc.constantFrom(...KEYS), fc.tuple(tie('kinds'), fc.boolean()), {
          noNullPrototype: true,
        }),
        fc.constantFrom('strip', 'strip', 'strict', 'loose', 'refined'),
      )
      .map(([fields, manner]) => objectOf(fields, manner)),
  ),
}));

function objectOf(fields: Record<string, [Kind, boolean]>, manner: string): Kind {
  const entries = Object.entries(fields);
  const shape = Object.fromEntries(
    entries.map(([key, [{ schema }, optional]]) => [key, optional ? schema.optional() : schema]),
  );
  const values = Object.fromEntries(entries.map(([key, [one]]) => [key, one.values]));
  const object = z.object(shape);
  const schemas: Record<string, z.ZodType> = {
    strict: object.strict(),
    loose: object.loose(),
    refined: object.refine(() => true),
  };
  const requiredKeys = entries.filter(([, [, optional]]) => !optional).map(([key]) => key);
  return kind(
    schemas[manner] ?? object,
    fc
      .tuple(fc.record(values, { requiredKeys }), fc.dictionary(text, fc.anything()))
      .map(([given, more]) => ({
        ...more,
        ...given,
      })),
  );
}

/** What schemas seldom take: anything at all, with what JSON has no form for. */
const anything = fc.anything({
  withDate: true,
  withBigInt: true,
  withMap: true,
  withSparseArray: true,
  withNullPrototype: true,
  withBoxedValues: true,
  withTypedArray: true,
  maxDepth: 3,
});

const outcomeOf = (write: () => string | undefined) => {
  try {
    return { text: write() };
  } catch (cause) {
    return { cause: (cause as Error).name };
  }
};

describe('a writer of JSON', () => {
  it('writes what the schema and JSON.stringify make of a value, or says that it does not know', () => {
    const cases = kinds.chain(({ schema, values }) =>
      fc.tuple(
        fc.constant(schema),
        fc.oneof({ weight: 4, arbitrary: values }, { weight: 1, arbitrary: anything }),
      ),
    );
    let known = 0;
    fc.assert(
      fc.property(cases, ([schema, value]) => {
        const written = outcomeOf(() => jsonWriter(schema)(value));
        if (written.text === undefined && written.cause === undefined) return;
        known += 1;
        const expected = outcomeOf(() => asked(schema, value));
        // What is not declared is not looked at, and need not have a form in JSON.
        const isDropped = expected.cause !== undefined && written.text !== undefined;
        const declared = isDropped ? outcomeOf(() => asked(schema, JSON.parse(written.text!))) : expected;
        expect(written).toEqual(declared);
      }),
      { numRuns: 1000 },
    );
    // A third is what is usual; seven standard deviations below it something else is wrong.
    expect(known).toBeGreaterThan(250);
  });

  it('knows rows of a database at once, without asking the schema', () => {
    const note = z.object({
      id: Id,
      author: z.object({ id: Id, name: z.string().max(9) }).nullable(),
      kind: z.enum(['a', 'b']),
      text: z.string().optional(),
      created_at: Timestamp,
      labels: z.record(z.string(), z.boolean()),
    });
    const schema = z.object({ notes: z.array(note) });
    const row = {
      id: 7,
      author: null,
      kind: 'a',
      created_at: new Date(0),
      labels: { 'x"': true },
      secret: 1,
    };
    const unasked = (one: z.ZodType): void => {
      Object.defineProperty(one, 'safeParse', { value: () => expect.unreachable('asked') });
    };
    for (const one of [schema, note, ...Object.values(note.shape)])
      if (one !== note.shape.created_at) unasked(one);
    const write: JsonWriter = jsonWriter(schema);
    expect(write({ notes: [row, { ...row, text: 'ä\u2028' }] })).toBe(
      '{"notes":[{"id":7,"author":null,"kind":"a","created_at":"1970-01-01T00:00:00.000Z","labels":{"x\\"":true}},' +
        '{"id":7,"author":null,"kind":"a","text":"ä\u2028","created_at":"1970-01-01T00:00:00.000Z","labels":{"x\\"":true}}]}',
    );
  });
});
