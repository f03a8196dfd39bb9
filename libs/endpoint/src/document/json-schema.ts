import { z } from 'zod';

export type Json = Record<string, unknown>;

/** Named schemas of one service, as `components.schemas` holds them. */
export type Components = Record<string, Json>;

/** Whether a schema tells what is sent to an endpoint, or what comes back from it. */
export type Direction = 'input' | 'output';

const REFERENCE = '#/components/schemas/';

/**
 * The JSON Schema (2020-12) of a zod schema. A schema with a name, given by `.meta({ id: 'Organization' })`, is put
 * among the components and referred to.
 *
 * @throws Error for a pattern that other languages cannot run, and for a name that stands for two different schemas
 */
export function jsonSchema(schema: z.ZodType, io: Direction, components: Components): Json {
  const written = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  const { $schema: _dialect, $defs = {}, id: _id, ...rest } = adapted(written, io);
  for (const [name, { id: _own, ...definition }] of Object.entries($defs as Components)) {
    const known = components[name];
    if (known && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(
        `The name ${name} stands for two schemas, or for one that differs between request and answer`,
      );
    components[name] = definition;
  }
  return rest;
}

/** The schema as every tool reads it: references into the components, integers with a format, portable patterns. */
function adapted(schema: Json, io: Direction): Json {
  const result: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$ref') result.$ref = String(value).replace('#/$defs/', REFERENCE);
    else if (MAPS.has(key)) result[key] = mapped(value as Components, io);
    else if (LISTS.has(key)) result[key] = (value as Json[]).map(one => adapted(one, io));
    else if (ONE.has(key) && typeof value === 'object') result[key] = adapted(value as Json, io);
    else result[key] = value;
  }
  // Answers may gain fields; requests refuse what they do not know.
  if (io === 'output' && result.additionalProperties === false) delete result.additionalProperties;
  if ([result.type].flat().includes('integer')) {
    result.format ??= 'int64';
    if (io === 'output' && result.minimum === Number.MIN_SAFE_INTEGER) delete result.minimum;
  }
  // The format says the same, and shorter.
  if (result.format === 'date-time') delete result.pattern;
  if (typeof result.pattern === 'string') requirePortable(result.pattern);
  return result;
}

const mapped = (schemas: Components, io: Direction): Components =>
  Object.fromEntries(Object.entries(schemas).map(([name, one]) => [name, adapted(one, io)]));

/** Keywords of JSON Schema whose values are schemas: by name, in a list, or one. */
const MAPS = new Set(['properties', 'patternProperties', '$defs']);
const LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const ONE = new Set(['items', 'additionalProperties', 'propertyNames', 'not']);

/** What regular expressions of JavaScript have and RE2 (Go) or `re` (Python) have not. */
const NOT_PORTABLE = /\\[pPuk]|\(\?[=!<]|\\[1-9]/;

function requirePortable(pattern: string): void {
  if (NOT_PORTABLE.test(pattern))
    throw new Error(
      `Clients in other languages cannot run the pattern ${pattern}: declare one that they can, and say the rest in words, with .meta({ pattern, description })`,
    );
}

/** The schema that a reference leads to, or the schema itself. */
export function resolved(schema: Json, components: Components): Json {
  return typeof schema.$ref === 'string' ? components[schema.$ref.slice(REFERENCE.length)]! : schema;
}

export const schemaReference = (name: string): Json => ({ $ref: `${REFERENCE}${name}` });
