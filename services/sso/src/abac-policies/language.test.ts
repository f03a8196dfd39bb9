import {
  ATTRIBUTES,
  type AttributeName,
  type AttributePolicy,
  type Attributes,
  attributesOf,
  type Comparison,
  type Condition,
  decidingPolicy,
  explain,
  OPERATORS,
  type TimeWindow,
  testOf,
} from '@rivergate/caller';
import { signedIn } from '@rivergate/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConditionTree } from './condition.ts';

const NAMES = Object.keys(ATTRIBUTES) as AttributeName[];
const words = fc.constantFrom('GET', 'pwd', 'otp', 'policy.write', '*', 'pat', '__proto__');
const ids = fc.integer({ min: 1, max: 5 });
const addresses = fc.constantFrom('198.51.100.7', '203.0.113.9', '2001:db8::1', 'no address');
const values = {
  id: ids,
  ids: fc.array(ids, { maxLength: 3 }),
  flag: fc.boolean(),
  texts: fc.array(words, { maxLength: 3 }),
  permissions: fc.array(words, { maxLength: 3 }),
  text: words,
  seconds: fc.integer({ min: 0, max: 100 }),
  address: addresses,
  instant: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
};
const compared = {
  ids: fc.array(ids, { minLength: 1, maxLength: 3 }),
  id: fc.array(ids, { minLength: 1, maxLength: 3 }),
  flag: fc.boolean(),
  texts: fc.array(words, { minLength: 1, maxLength: 3 }),
  permissions: fc.array(words, { minLength: 1, maxLength: 3 }),
  text: fc.array(words, { minLength: 1, maxLength: 3 }),
  seconds: fc.integer({ min: 0, max: 100 }),
  address: fc.subarray(['198.51.100.0/24', '2001:db8::/32', '203.0.113.9/32'], { minLength: 1 }),
  instant: fc.record({
    time_zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York'),
    weekdays: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
    from: fc.constantFrom('00:00', '08:30'),
    until: fc.constantFrom('12:00', '24:00'),
  }),
};

const comparison = fc.constantFrom(...NAMES).chain(attribute => {
  const kind = ATTRIBUTES[attribute];
  const value = compared[kind] as fc.Arbitrary<Comparison['value']>;
  return value.map((value): Condition => ({ attribute, operator: OPERATORS[kind], value }));
});
const condition = fc.letrec<{ tree: Condition }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    comparison,
    fc.array(tie('tree'), { maxLength: 3 }).map(all => ({ all })),
    fc.array(tie('tree'), { maxLength: 3 }).map(any => ({ any })),
    tie('tree').map(not => ({ not })),
  ),
})).tree;

/** Of each attribute a value, or nothing. */
const known = fc.tuple(
  ...NAMES.map(name => fc.option(values[ATTRIBUTES[name]] as fc.Arbitrary<unknown>, { nil: undefined })),
);
const attributesFrom = (given: readonly unknown[]): Attributes =>
  (name => given[NAMES.indexOf(name)]) as Attributes;

/** The meaning of the language, in the plainest words. */
function meaning(tree: Condition, attributes: Attributes): boolean {
  if ('all' in tree) return !tree.all.some(part => !meaning(part, attributes));
  if ('any' in tree) return tree.any.filter(part => meaning(part, attributes)).length > 0;
  if ('not' in tree) return !meaning(tree.not, attributes);
  const actual = attributes(tree.attribute);
  if (actual === undefined) return false;
  const value = tree.value as never;
  switch (ATTRIBUTES[tree.attribute]) {
    case 'id':
    case 'text':
      return (value as unknown[]).includes(actual);
    case 'flag':
      return actual === value;
    case 'seconds':
      return (actual as number) <= (value as number);
    case 'ids':
      return (value as number[]).some(id => (actual as number[]).includes(id));
    case 'texts':
      return (value as string[]).some(text => (actual as string[]).includes(text));
    case 'permissions':
      return (value as string[]).some(text => ['*', text].some(code => (actual as string[]).includes(code)));
    case 'address':
      return (value as string[]).some(network => {
        if (network === '198.51.100.0/24') return String(actual).startsWith('198.51.100.');
        return network === '2001:db8::/32'
          ? String(actual).startsWith('2001:db8:')
          : actual === '203.0.113.9';
      });
    case 'instant': {
      const { time_zone: timeZone, weekdays, from, until } = tree.value as TimeWindow;
      const at = new Date(actual as number);
      const time = at.toLocaleTimeString('de-DE', { timeZone, hour: '2-digit', minute: '2-digit' });
      const weekday = at.toLocaleDateString('en-US', { timeZone, weekday: 'long' });
      const names = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
      return weekdays.includes(names.indexOf(weekday) + 1) && from <= time && time < until;
    }
  }
}

describe('the language of conditions', () => {
  it('means what its plainest reading says, and explains the same', () => {
    fc.assert(
      fc.property(condition, known, (tree, given) => {
        const attributes = attributesFrom(given);
        const outcome = meaning(tree, attributes);
        expect(testOf(tree)(attributes)).toBe(outcome);
        expect(explain(tree, attributes).outcome).toBe(outcome);
      }),
      { numRuns: 1_000 },
    );
  });

  it('answers whatever a request says of itself', () => {
    const scalar = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(undefined));
    const anything = fc.tuple(...NAMES.map(() => scalar));
    const asKnown = (given: readonly unknown[]) =>
      attributesFrom(
        given.map((value, index) => {
          const kind = ATTRIBUTES[NAMES[index]!];
          if (kind === 'texts' || kind === 'permissions' || kind === 'ids') return [String(typeof value)];
          return kind === 'instant' ? Number.NaN : (value ?? undefined);
        }),
      );
    fc.assert(
      fc.property(condition, anything, (tree, given) => {
        expect([true, false]).toContain(testOf(tree)(asKnown(given)));
      }),
    );
  });

  it('takes what it has taken again, unchanged', () => {
    fc.assert(
      fc.property(condition, tree => {
        const read = ConditionTree.safeParse(tree);
        if (read.success) expect(ConditionTree.parse(read.data)).toEqual(read.data);
      }),
    );
  });

  it('refuses any other text of JSON and does not fail at it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), given => {
        const read = ConditionTree.safeParse(given);
        if (read.success) expect(testOf(read.data)(() => undefined)).toBeTypeOf('boolean');
      }),
    );
  });

  it('compares what is not known as false, so that its opposite holds', () => {
    const inside: Condition = { attribute: 'request.ip', operator: 'in', value: ['198.51.100.0/24'] };
    expect(testOf(inside)(() => undefined)).toBe(false);
    expect(testOf({ not: inside })(() => undefined)).toBe(true);
  });

  it('knows nothing of an attribute or a time zone that only another version knows', () => {
    const later = { attribute: 'moon.phase', operator: 'in', value: ['full'] } as unknown as Condition;
    expect(testOf(later)(() => 'full')).toBe(false);
    const value = { time_zone: 'Mars/Base', weekdays: [1], from: '00:00', until: '24:00' };
    expect(testOf({ attribute: 'request.time', operator: 'within', value })(() => 0)).toBe(false);
  });
});

describe('the policies of an organization', () => {
  const always: Condition = { all: [] };
  const policy = (id: number, more: Partial<AttributePolicy> = {}): AttributePolicy => ({
    id,
    revision: 1,
    name: `Policy ${id}`,
    effect: 'deny',
    mode: 'enforce',
    condition: always,
    ...more,
  });
  const attributes = attributesOf({
    principal: signedIn({ userId: 1, organizationId: 2 }),
    operation: { method: 'get', operation: 'getThing', caller: 'user' },
  });

  it('decide by the first that applies; one in mode report decides nothing, and is heard of where it is reached', () => {
    const heard: [number, boolean][] = [];
    const policies = [
      policy(1, { condition: { any: [] } }),
      policy(2, { mode: 'report' }),
      policy(3, { mode: 'report', condition: { any: [] } }),
      policy(4, { effect: 'allow' }),
      policy(5, { mode: 'report' }),
      policy(6),
    ];
    const deciding = decidingPolicy(policies, attributes, ({ id }, applies) => heard.push([id, applies]));
    expect(deciding?.id).toBe(4);
    expect(heard).toEqual([
      [2, true],
      [3, false],
    ]);
    expect(decidingPolicy([], attributes)).toBeNull();
  });

  it('take no token for a session, nor a client for a user', () => {
    const token = { kind: 'pat', id: 1, hash: 'x', boundTo: null } as const;
    const principal = signedIn({ userId: 1, organizationId: 2, token, amr: ['otp'], authTime: null });
    const operation = { method: 'get', operation: 'getThing', caller: 'admin' };
    const of = attributesOf({ principal, operation });
    expect([of('session.amr'), of('session.age'), of('session.second_factor_omitted')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([of('token.kind'), of('resource.permission')]).toEqual(['pat', 'admin']);
    const client = attributesOf({ principal: { ...principal, userId: null }, operation });
    expect([client('user.id'), client('user.is_admin')]).toEqual([undefined, undefined]);
  });
});
