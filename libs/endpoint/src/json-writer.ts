import type { z } from 'zod';
import { Timestamp } from './schema.ts';
import { throughJson } from './through-json.ts';

/**
 * Writes a value as JSON in the shape of a schema, without what the schema does not name. Undefined where it cannot say at
 * once what the schema makes of the value: then the schema is to be asked.
 */
export type JsonWriter = (value: unknown) => string | undefined;

/**
 * A writer for one schema, made once: it checks, selects and writes in one pass what `throughJson`, the schema and
 * `JSON.stringify` do in three, with the same result (docs/decisions/0042); what is not declared it does not look at, so that
 * need not have a form in JSON. Schemas that it does not know it asks for each value.
 */
export function jsonWriter(schema: z.ZodType): JsonWriter {
  return knownWriter(definitionOf(schema)) ?? asking(schema);
}

/** What zod keeps of a declaration, as far as it is read here. */
interface Definition {
  type: string;
  checks?: readonly { _zod: { def: Check } }[];
  format?: string;
  coerce?: boolean;
  shape: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  element: z.ZodType;
  innerType: z.ZodType;
  keyType: z.ZodType;
  valueType: z.ZodType;
  values: readonly unknown[];
  entries: Record<string, unknown>;
}
type Check = {
  check: string;
  format?: string;
  value: number;
  inclusive: boolean;
  minimum: number;
  maximum: number;
};

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition;

function asking(schema: z.ZodType): JsonWriter {
  return value => {
    const result = schema.safeParse(throughJson(value));
    return result.success ? JSON.stringify(result.data) : undefined;
  };
}

function knownWriter(definition: Definition): JsonWriter | undefined {
  const { type, checks = [] } = definition;
  if (type === 'string') return textWriter(definition);
  if (type === 'number') return numberWriter(definition);
  if (type === 'array') return listWriter(definition);
  if (checks.length > 0) return undefined;
  if (type === 'boolean') return value => (typeof value === 'boolean' ? String(value) : undefined);
  if (type === 'literal') return oneOf(definition.values);
  if (type === 'enum') return oneOf(Object.values(definition.entries));
  if (type === 'nullable') {
    const write = jsonWriter(definition.innerType);
    return value => (value === null ? 'null' : write(value));
  }
  if (type === 'record') return recordWriter(definition);
  if (type === 'object') return objectWriter(definition);
  return undefined;
}

function oneOf(values: readonly unknown[]): JsonWriter | undefined {
  if (!values.every(value => typeof value === 'string')) return undefined;
  const written = new Map(values.map(value => [value, JSON.stringify(value)]));
  return value => written.get(value as string);
}

type Bounds = { least: number; most: number };

/** Bounds of a length; undefined where there are other checks. */
function lengthBounds(checks: Definition['checks'] = []): Bounds | undefined {
  const bounds = { least: 0, most: Infinity };
  for (const { _zod } of checks) {
    const { check, minimum, maximum } = _zod.def;
    if (check === 'min_length') bounds.least = Math.max(bounds.least, minimum);
    else if (check === 'max_length') bounds.most = Math.min(bounds.most, maximum);
    else return undefined;
  }
  return bounds;
}

const TIMESTAMP_CHECKS = definitionOf(Timestamp).checks;
/** Milliseconds of the years from 1 to 9999. */
const [FIRST, LAST] = [Date.parse('0001-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')];

function textWriter({ format, coerce, checks }: Definition): JsonWriter | undefined {
  if (checks !== undefined && checks === TIMESTAMP_CHECKS) {
    const ask = asking(Timestamp);
    return value => {
      if (!(value instanceof Date)) return ask(value);
      const time = value.getTime();
      return time >= FIRST && time <= LAST ? `"${value.toISOString()}"` : undefined;
    };
  }
  const bounds = lengthBounds(checks);
  if (format !== undefined || coerce || !bounds) return undefined;
  const { least, most } = bounds;
  return value =>
    typeof value === 'string' && value.length >= least && value.length <= most
      ? JSON.stringify(value)
      : undefined;
}

function numberWriter({ format, coerce, checks = [] }: Definition): JsonWriter | undefined {
  if (coerce) return undefined;
  let whole = format === 'safeint';
  if (format !== undefined && !whole) return undefined;
  const bounds = { least: -Infinity, most: Infinity };
  for (const { _zod } of checks) {
    const { check, format: kind, value, inclusive } = _zod.def;
    if (check === 'number_format' && kind === 'safeint') whole = true;
    else if (check === 'greater_than' && inclusive) bounds.least = Math.max(bounds.least, value);
    else if (check === 'less_than' && inclusive) bounds.most = Math.min(bounds.most, value);
    else return undefined;
  }
  const { least, most } = bounds;
  const isKind = whole ? Number.isSafeInteger : Number.isFinite;
  return value =>
    isKind(value) && (value as number) >= least && (value as number) <= most ? `${value}` : undefined;
}

function listWriter({ element, checks }: Definition): JsonWriter | undefined {
  const bounds = lengthBounds(checks);
  if (!bounds) return undefined;
  const { least, most } = bounds;
  const write = jsonWriter(element);
  return value => {
    if (!Array.isArray(value) || value.length < least || value.length > most) return undefined;
    let text = '';
    for (const one of value) {
      const written = one === undefined ? undefined : write(one);
      if (written === undefined) return undefined;
      text += text === '' ? written : `,${written}`;
    }
    return `[${text}]`;
  };
}

/** An object of which JSON.stringify writes the enumerable properties and nothing else. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('toJSON' in value);
}

function recordWriter({ keyType, valueType }: Definition): JsonWriter | undefined {
  const { type, format, coerce, checks } = definitionOf(keyType);
  if (type !== 'string' || format !== undefined || coerce || checks?.length) return undefined;
  const write = jsonWriter(valueType);
  return value => {
    if (!isPlain(value)) return undefined;
    let text = '';
    for (const key of Object.keys(value)) {
      const written = key === '__proto__' || value[key] === undefined ? undefined : write(value[key]);
      if (written === undefined) return undefined;
      text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${written}`;
    }
    return `{${text}}`;
  };
}

function objectWriter({ shape, catchall }: Definition): JsonWriter | undefined {
  if (catchall || Object.keys(shape).some(key => key in Object.prototype)) return undefined;
  const fields = Object.entries(shape).map(([key, field]) => {
    const definition = definitionOf(field);
    const optional = definition.type === 'optional' && !definition.checks?.length;
    const write = jsonWriter(optional ? definition.innerType : field);
    return { key, name: `${JSON.stringify(key)}:`, next: `,${JSON.stringify(key)}:`, optional, write };
  });
  return value => {
    if (!isPlain(value)) return undefined;
    let text = '';
    for (const { key, name, next, optional, write } of fields) {
      const member = value[key];
      if (member === undefined) {
        if (optional) continue;
        return undefined;
      }
      const written = write(member);
      if (written === undefined) return undefined;
      text += (text === '' ? name : next) + written;
    }
    return `{${text}}`;
  };
}
