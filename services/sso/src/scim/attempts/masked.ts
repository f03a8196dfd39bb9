import { isObject } from '../protocol/value.ts';

const SECRET = /^(?:.*[.:])?password$/i;
const MOST_CHARACTERS = 200;
const MOST_ELEMENTS = 50;
const MOST_DEPTH = 8;

/** A body as it is kept: without passwords, wherever they stand, and no longer than somebody reads. */
export function masked(value: unknown, depth = 0): unknown {
  if (typeof value === 'string')
    return value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value;
  if (depth === MOST_DEPTH) return '…';
  if (Array.isArray(value)) {
    const kept = value.slice(0, MOST_ELEMENTS).map(element => masked(element, depth + 1));
    return value.length > MOST_ELEMENTS ? [...kept, `… ${value.length - MOST_ELEMENTS} more`] : kept;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).slice(0, MOST_ELEMENTS);
  // Of an operation, its path says what its value is.
  const [, path] = entries.find(([key]) => key.toLowerCase() === 'path') ?? [];
  const secret = typeof path === 'string' && SECRET.test(path.trim());
  return Object.fromEntries(
    entries.map(([key, held]) => [
      key,
      SECRET.test(key.trim()) || (secret && key.toLowerCase() === 'value') ? '***' : masked(held, depth + 1),
    ]),
  );
}
