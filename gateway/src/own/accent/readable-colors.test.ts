import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DARK, LIGHT, type ReadableColors, readableColors } from './readable-colors.ts';

const sheet = readFileSync(join(import.meta.dirname, '../pages/page.css'), 'utf8');
const [light = '', dark = ''] = sheet.split('@media (prefers-color-scheme: dark)');
const colorsIn = (css: string) =>
  Object.fromEntries(
    [...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value!]),
  );
const schemes = [
  ['light', LIGHT, colorsIn(light)],
  ['dark', DARK, { ...colorsIn(light), ...colorsIn(dark) }],
] as const;

const linear = Array.from({ length: 256 }, (_, byte) =>
  byte / 255 <= 0.03928 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
);
function luminance(hex: string): number {
  const all = Number.parseInt(hex.slice(1), 16);
  return 0.2126 * linear[all >> 16]! + 0.7152 * linear[(all >> 8) & 255]! + 0.0722 * linear[all & 255]!;
}
const contrast = (one: number, other: number) =>
  (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);

/** What the colours of a page keep to, by the backgrounds that page.css has. */
function expectReadable(colors: ReadableColors, page: Record<string, string>, chosen: string): void {
  const on = luminance(colors['on-accent']);
  const link = luminance(colors.link);
  const [accent, hover] = [luminance(colors.accent), luminance(colors['accent-hover'])];
  const card = luminance(page.card!);
  const isReadable =
    ['card', 'tint', 'ground'].every(name => contrast(link, luminance(page[name]!)) >= 4.5) &&
    contrast(on, accent) >= 4.5 &&
    contrast(on, hover) >= 4.5 &&
    contrast(accent, card) >= 3 &&
    contrast(hover, card) >= 3;
  if (!isReadable) expect.fail(`${chosen} becomes ${JSON.stringify(colors)}`);
}

/** Each run tries others: all of them take minutes. */
const STRIDE = 251;
/** Greys, and colours of which channels are off or full: where rounding meets a bound. */
const edges = Array.from({ length: 256 }, (_, byte) =>
  [0, 255].flatMap(other =>
    [0, 1, 2, 3, 4, 5, 6, 7].map(chosen =>
      [2, 1, 0].reduce((number, bit) => number * 256 + ((chosen >> bit) & 1 ? byte : other), 0),
    ),
  ),
).flat();
const hex = (number: number) => `#${number.toString(16).padStart(6, '0')}`;

it.each(schemes)(
  'every colour there is can be read in %s, on what page.css has it stand on',
  (_, scheme, page) => {
    for (const number of edges) expectReadable(readableColors(hex(number), scheme), page, hex(number));
    for (let number = Math.floor(Math.random() * STRIDE); number < 2 ** 24; number += STRIDE)
      expectReadable(readableColors(hex(number), scheme), page, hex(number));
  },
);

it.each(schemes)(
  'the backgrounds that colours are made for in %s are those of page.css',
  (name, scheme, page) => {
    expect(scheme.card).toBe(page.card);
    const grounds = ['card', 'tint', 'ground'].map(ground => page[ground]!);
    const hardest = grounds
      .toSorted((one, other) => luminance(one) - luminance(other))
      .at(name === 'light' ? 0 : -1);
    expect(scheme.hardest).toBe(hardest);
  },
);

it('a colour that can be read stays as it was chosen', () => {
  expect(readableColors('#0b7a75', LIGHT)).toMatchObject({ accent: '#0b7a75', 'on-accent': '#ffffff' });
  expect(readableColors('#ffcc00', DARK)).toMatchObject({
    accent: '#ffcc00',
    'on-accent': '#000000',
    link: '#ffcc00',
  });
});
