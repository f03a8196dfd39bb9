import { describe, expect, it } from 'vitest';
import { throughJson } from './through-json.ts';

class Point {
  x = 1;
  #hidden = 2;
  get y() {
    return this.#hidden;
  }
}

const VALUES: Record<string, unknown> = {
  text: 'ä\u2028"\\',
  'numbers that JSON has none of': [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e21],
  'a moment': new Date(0),
  'no moment': [new Date(Number.NaN)],
  'nothing in an object': { a: undefined, b: null, c: () => 1, d: Symbol('d') },
  'nothing in a list': [undefined, () => 1, Symbol('e'), null],
  'a list with holes': Object.assign([], { 2: 'third' }),
  'members with a form of their own': { a: { toJSON: () => ({ b: 1 }) }, c: { toJSON: () => undefined } },
  'an instance': { point: new Point() },
  'a map, bytes, boxes': { map: new Map([[1, 2]]), bytes: Buffer.from('ab'), box: Object('text') },
  'no prototype': Object.assign(Object.create(null), { a: new Date(1) }),
  'a key of the prototype': JSON.parse('{"__proto__": {"admin": true}, "a": {"__proto__": 1}}'),
  'numbers among the keys': { b: 1, 2: 'two', 1: 'one' },
  'what is inherited': Object.create({ inherited: 1 }),
};

describe('a value through JSON', () => {
  it.each(Object.entries(VALUES))('is what JSON makes of it: %s', (_, value) => {
    const written = JSON.stringify(value);
    expect(JSON.stringify(throughJson(value))).toBe(written);
    expect(throughJson(value)).toStrictEqual(JSON.parse(written));
  });

  it('is nothing where JSON leaves it out', () => {
    for (const value of [undefined, () => 1, Symbol('f'), { toJSON: () => undefined }])
      expect(throughJson(value)).toBeUndefined();
  });

  it('cannot be a cycle or a bigint', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => throughJson(cycle)).toThrow();
    expect(() => throughJson({ big: 1n })).toThrow(TypeError);
  });
});
