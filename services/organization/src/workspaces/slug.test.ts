import { describe, expect, it } from 'vitest';
import { slugOf } from './slug.ts';

describe('a slug', () => {
  it.each([
    ['Main Workspace', 'main-workspace'],
    ['  Über -- die Brücke! ', 'uber-die-brucke'],
    ['R&D (2026)', 'r-d-2026'],
    ['---', ''],
    ['工作区', ''],
    ['İstanbul', 'istanbul'],
  ])('of %j is %j', (name, slug) => expect(slugOf(name)).toBe(slug));

  it('ends in no hyphen where it is cut', () => {
    expect(slugOf(`${'a'.repeat(62)} bcd`)).toBe('a'.repeat(62));
    expect(slugOf('a'.repeat(80))).toHaveLength(63);
  });
});
