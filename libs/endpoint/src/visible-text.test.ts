import { describe, expect, it } from 'vitest';
import { displayText } from './schema.ts';

const accepts = (text: string) => displayText(100).safeParse(text).success;

describe('text that people read', () => {
  it.each([
    ['zero-width space', 'Ac\u200bme'],
    ['zero-width joiner between Latin letters', 'Ac\u200dme'],
    ['zero-width non-joiner at the end', 'Acme\u200c'],
    ['word joiner', 'Ac\u2060me'],
    ['byte order mark inside', 'Ac\ufeffme'],
    ['soft hyphen', 'Ac\u00adme'],
    ['right-to-left override', 'Acme\u202emoc.live'],
    ['direction isolate', '\u2066Acme\u2069'],
    ['Arabic letter mark', 'Acme\u061c'],
    ['variation selector on a letter', 'A\ufe0fcme'],
    ['supplementary variation selector', 'Acme\u{e0100}'],
    ['tag characters', 'Acme\u{e0041}'],
    ['combining grapheme joiner', 'A\u034fcme'],
    ['Hangul filler', '\u3164'],
    ['half-width Hangul filler', 'Acme\uffa0'],
    ['Mongolian vowel separator', 'Acme\u180e'],
    ['blank Braille cell', '\u2800'],
    ['joiner behind an emoji', '😀\u200d'],
    ['interlinear annotation', 'Acme\ufff9'],
  ])('holds no %s', (_, text) => {
    expect(accepts(text)).toBe(false);
  });

  it.each([
    'Acme & Co. (Zürich)',
    'Cafe\u0301',
    '東京株式会社',
    'Отдел продаж',
    'Family 👨‍👩‍👧‍👦',
    'Love ❤️',
    'Team 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣',
    '👩🏽‍💻 Developers',
    'علی‌رضا',
    'क्‍ष',
  ])('may be %s', text => {
    expect(accepts(text)).toBe(true);
  });

  it('is checked in a time that grows with its length only', () => {
    const marks = `ا${'\u064e'.repeat(50_000)}`;
    const began = performance.now();
    expect(displayText(200_000).safeParse(`${marks}\u200c${marks}`).success).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
