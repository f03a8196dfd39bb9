/**
 * What is left of a value that is written as JSON and read again. Plain data, which is nearly all that handlers give,
 * is copied without the text between.
 *
 * @returns undefined for what JSON leaves out
 * @throws TypeError for what JSON has no form for
 */
export function throughJson(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // A negative zero is written without its sign.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    for (const element of value) copy.push(throughJson(element) ?? null);
    return copy;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  return isPlain(value) ? copied(value) : reread(value);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !Object.hasOwn(value, '__proto__');
}

function copied(value: Record<string, unknown>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = throughJson(value[key]);
    if (member !== undefined) copy[key] = member;
  }
  return copy;
}

function reread(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}
