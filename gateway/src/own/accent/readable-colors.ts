/** Red, green and blue as light, from 0 to 1: sRGB without its transfer function. */
type Light = readonly [number, number, number];

/** `#` and six hexadecimal digits. */
type Hex = string;

/** What the colours of a page stand on, in page.css. */
export interface Scheme {
  /** Below buttons. */
  card: Hex;
  /** Of all that text in the colour stands on, the hardest to read it on. */
  hardest: Hex;
}

export const LIGHT: Scheme = { card: '#ffffff', hardest: '#eef2f4' };
export const DARK: Scheme = { card: '#1d2226', hardest: '#2a3036' };

/** The custom properties of page.css that follow from an accent colour. */
export interface ReadableColors {
  accent: Hex;
  'accent-hover': Hex;
  'on-accent': Hex;
  link: Hex;
}

/** Of text, and of what says where a control is (WCAG 2.2, 1.4.3 and 1.4.11). */
const TEXT = 4.5;
const CONTROL = 3;
/** How much a button below the pointer gets darker on a light card, and lighter on a dark one. */
const HOVER = 0.2;

/**
 * The nearest to an accent colour that can be read and seen, whatever was chosen: link on all that text stands on, what is
 * written on a button on that button, also below the pointer, and the button on its card.
 */
export function readableColors(chosen: Hex, scheme: Scheme): ReadableColors {
  const color = lightOf(chosen);
  const seen = apart(color, scheme.card, CONTROL);
  const onAccent = contrast(luminance(seen), 1) >= TEXT ? '#ffffff' : '#000000';
  const shaded = isLight(scheme.card)
    ? dimmed(seen, luminance(seen) * (1 - HOVER))
    : brightened(seen, Math.min(1, luminance(seen) * (1 + HOVER)));
  return {
    accent: hexOf(seen),
    'accent-hover': hexOf(apart(shaded, onAccent, TEXT)),
    'on-accent': onAccent,
    link: hexOf(apart(color, scheme.hardest, TEXT)),
  };
}

/** WCAG 2.2, contrast ratio, of two relative luminances. */
const contrast = (one: number, other: number) =>
  (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);

/** Makes a colour darker on what is light, and lighter on what is dark, until it differs enough. */
function apart(color: Light, from: Hex, ratio: number): Light {
  const ground = luminance(lightOf(from));
  return isLight(from)
    ? dimmed(color, (ground + 0.05) / ratio - 0.05)
    : brightened(color, (ground + 0.05) * ratio - 0.05);
}

const isLight = (ground: Hex) => luminance(lightOf(ground)) > 0.5;

/** The same mixture of light, less of it. */
function dimmed(color: Light, most: number): Light {
  const whole = luminance(color);
  if (whole <= most) return color;
  return eightBits(color, channel => (channel * most) / whole, Math.floor);
}

/** The same mixture of light, more of it, and white light where a screen has no more of it. */
function brightened(color: Light, least: number): Light {
  const whole = luminance(color);
  if (whole >= least) return color;
  const more = whole === 0 ? 1 : Math.min(least / whole, 1 / Math.max(...color));
  const scaled = whole * more;
  const white = scaled < 1 ? (least - scaled) / (1 - scaled) : 0;
  return eightBits(color, channel => channel * more + white * (1 - channel * more), Math.ceil);
}

/** Rounded away from the bound, which the rounded colour keeps too. */
function eightBits(
  color: Light,
  change: (channel: number) => number,
  round: (byte: number) => number,
): Light {
  const [red, green, blue] = color.map(channel => LIGHT_OF_BYTE[byteOf(change(channel), round)]!);
  return [red!, green!, blue!];
}

/** sRGB (IEC 61966-2-1), as WCAG 2.2 has it under relative luminance. */
const LIGHT_OF_BYTE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function byteOf(light: number, round: (byte: number) => number): number {
  const value = light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.min(255, Math.max(0, round(value * 255)));
}

const luminance = ([red, green, blue]: Light) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;

function lightOf(hex: Hex): Light {
  const bytes = Number.parseInt(hex.slice(1), 16);
  return [LIGHT_OF_BYTE[bytes >> 16]!, LIGHT_OF_BYTE[(bytes >> 8) & 255]!, LIGHT_OF_BYTE[bytes & 255]!];
}

const hexOf = (color: Light) =>
  `#${color.map(channel => byteOf(channel, Math.round).toString(16).padStart(2, '0')).join('')}`;
