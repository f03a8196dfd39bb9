import {
  ATTRIBUTES,
  type AttributeName,
  type Comparison,
  type Condition,
  canonicalNetwork,
  clockOf,
  minutesOf,
  OPERATORS,
} from '@rivergate/caller';
import type { DetailCode } from '@rivergate/endpoint';
import { z } from 'zod';

/** Groups within groups. */
const DEEPEST = 8;
/** Groups and comparisons of a condition. */
const MOST_PARTS = 50;
/** Values of a list. */
const MOST_VALUES = 200;
/** Bytes of a condition as JSON: it travels in events and stands in the memory of gateways. */
const MOST_BYTES = 8_192;

const texts = z.array(z.string().min(1).max(200)).min(1).max(MOST_VALUES);
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/);

/** What an attribute of a kind is compared with. */
const VALUES = {
  id: z.array(z.int().positive()).min(1).max(MOST_VALUES),
  ids: z.array(z.int().positive()).min(1).max(MOST_VALUES),
  flag: z.boolean(),
  texts,
  permissions: texts,
  text: texts,
  seconds: z.int().nonnegative().max(31_536_000),
  address: z
    .array(
      z
        .string()
        .max(64)
        .transform(text => canonicalNetwork(text.trim()) ?? '')
        .refine(network => network !== '', { error: 'must be networks in CIDR notation' }),
    )
    .min(1)
    .max(MOST_VALUES),
  instant: z
    .strictObject({
      time_zone: z
        .string()
        .max(64)
        .refine(name => clockOf(name) !== null, { error: 'must be a time zone such as Europe/Berlin' }),
      weekdays: z.array(z.int().min(1).max(7)).min(1).max(7),
      from: time,
      until: time,
    })
    .refine(({ from, until }) => minutesOf(from) < minutesOf(until), {
      error: 'must begin before it ends; for a night, write two',
    }),
} as const satisfies Record<keyof typeof OPERATORS, z.ZodType>;

/** Told of what is wrong, once or more often. */
type Refuse = (path: PropertyKey[], code: DetailCode, message: string) => void;

/** Everything is checked here, so that what decides can rely on it. Nothing is looked at beyond the bounds. */
class Reader {
  private parts = 0;
  private readonly refuse: Refuse;

  constructor(refuse: Refuse) {
    this.refuse = refuse;
  }

  /** Null where something is wrong. */
  read(given: unknown, path: PropertyKey[]): Condition | null {
    if (path.length > 2 * DEEPEST)
      return this.wrong(path, 'too_big', `may be nested ${DEEPEST} deep at most`);
    this.parts += 1;
    if (this.parts > MOST_PARTS)
      return this.parts === MOST_PARTS + 1
        ? this.wrong([], 'too_big', `may have ${MOST_PARTS} parts at most`)
        : null;
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return this.wrong(path, 'invalid_type', 'must be an object');
    const names = Object.keys(given);
    const group = (['all', 'any', 'not'] as const).find(name => Object.hasOwn(given, name));
    if (group === undefined) return this.comparison(given as Record<string, unknown>, path);
    const stranger = names.find(name => name !== group);
    if (stranger !== undefined) return this.wrong([...path, stranger], 'unknown_field', 'is not known here');
    const inner = (given as Record<string, unknown>)[group];
    if (group === 'not') {
      const not = this.read(inner, [...path, group, 0]);
      return not && { not };
    }
    if (!Array.isArray(inner)) return this.wrong([...path, group], 'invalid_type', 'must be a list');
    const read: Condition[] = [];
    for (const [index, part] of inner.entries()) {
      if (this.parts > MOST_PARTS) return null;
      const condition = this.read(part, [...path, group, index]);
      if (condition) read.push(condition);
    }
    return read.length === inner.length ? ({ [group]: read } as unknown as Condition) : null;
  }

  private comparison(given: Record<string, unknown>, path: PropertyKey[]): Comparison | null {
    const { attribute, operator, value, ...rest } = given;
    const [stranger] = Object.keys(rest);
    if (stranger !== undefined) return this.wrong([...path, stranger], 'unknown_field', 'is not known here');
    if (typeof attribute !== 'string' || !Object.hasOwn(ATTRIBUTES, attribute))
      return this.wrong(
        [...path, 'attribute'],
        'not_allowed',
        `must be ${Object.keys(ATTRIBUTES).join(', ')}`,
      );
    const kind = ATTRIBUTES[attribute as AttributeName];
    if (operator !== OPERATORS[kind])
      return this.wrong([...path, 'operator'], 'not_allowed', `must be ${OPERATORS[kind]} for ${attribute}`);
    const read = VALUES[kind].safeParse(value);
    if (read.success)
      return { attribute: attribute as AttributeName, operator: OPERATORS[kind], value: read.data };
    for (const { path: at, message } of read.error.issues.slice(0, 3))
      this.wrong([...path, 'value', ...at], 'invalid_format', message);
    return null;
  }

  private wrong(path: PropertyKey[], code: DetailCode, message: string): null {
    this.refuse(path, code, message);
    return null;
  }
}

/** As people write it; what comes out can be relied on. */
export const ConditionTree = z
  .record(z.string(), z.unknown())
  .meta({
    description:
      'A tree of `{"all": […]}`, `{"any": […]}`, `{"not": …}` and comparisons `{"attribute", "operator", "value"}`. What is ' +
      `not known of a request compares as false. At most ${MOST_PARTS} parts, ${DEEPEST} deep. ` +
      Object.entries(ATTRIBUTES)
        .map(([name, kind]) => `\`${name}\` ${OPERATORS[kind]} (${kind})`)
        .join(', '),
    examples: [{ attribute: 'request.ip', operator: 'in', value: ['203.0.113.0/24'] }],
  })
  .transform((given, context): Condition => {
    const refuse: Refuse = (path, code, message) =>
      context.addIssue({ code: 'custom', path, message, params: { code } });
    const condition = new Reader(refuse).read(given, []);
    if (condition === null) return z.NEVER;
    if (Buffer.byteLength(JSON.stringify(condition)) > MOST_BYTES)
      refuse([], 'too_big', `may take ${MOST_BYTES} bytes as JSON at most`);
    return condition;
  });
