import type { z } from 'zod';
import { EVENT_STREAM } from './content.ts';
import type { Failure } from './failure.ts';
import { type JsonWriter, jsonWriter } from './json-writer.ts';
import { publicPath } from './path.ts';
import type { EndpointSpec } from './spec.ts';
import { throughJson } from './through-json.ts';

/** Whether a declaration that is not kept fails the request (in tests), or is repaired as far as can be. */
export type Strictness = 'fails' | 'repairs';

/**
 * What goes out of what a handler gave: JSON in the declared shape, without the fields that the declaration does not
 * name. Undefined where no answer is declared.
 *
 * @throws an ordinary Error, so a 500 that names the field in the log: where a declared field is missing or of
 *   another type, and in tests also where one is not declared
 */
export function declaredData(spec: EndpointSpec, data: unknown, strictness: Strictness): string | undefined {
  if (!spec.answer) {
    if (data !== undefined && strictness === 'fails') throw unkept(spec, 'declares no answer but gave one');
    return undefined;
  }
  return written(spec, spec.answer, data, strictness);
}

/** The same for the data of a server-sent event. @throws an ordinary Error for an event that is not declared, too */
export function declaredEvent(
  spec: EndpointSpec,
  event: string,
  data: unknown,
  strictness: Strictness,
): string {
  const schema = spec.events?.[event];
  if (!schema) throw unkept(spec, `declares no event ${event}`);
  return written(spec, schema, data, strictness);
}

/** The same for a JSON text in a stream of them. */
export function declaredLine(
  spec: EndpointSpec,
  schema: z.ZodType,
  line: unknown,
  strictness: Strictness,
): string {
  return written(spec, schema, line, strictness);
}

const writers = new WeakMap<z.ZodType, JsonWriter>();

function writerOf(schema: z.ZodType): JsonWriter {
  let writer = writers.get(schema);
  if (!writer) {
    writer = jsonWriter(schema);
    writers.set(schema, writer);
  }
  return writer;
}

function written(spec: EndpointSpec, schema: z.ZodType, data: unknown, strictness: Strictness): string {
  const text = writerOf(schema)(data);
  if (text !== undefined && strictness === 'repairs') return text;
  const asked = JSON.stringify(shaped(spec, schema, data, strictness));
  if (text !== undefined && text !== asked)
    throw unkept(spec, `is written as ${text} where its declaration makes ${asked} of it`);
  return asked;
}

function shaped(spec: EndpointSpec, schema: z.ZodType, data: unknown, strictness: Strictness): unknown {
  const plain = throughJson(data);
  const result = schema.safeParse(plain);
  if (!result.success) {
    const issues = result.error.issues.slice(0, 5);
    const flaws = issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`).join('; ');
    throw unkept(spec, `answers other than declared: ${flaws}`);
  }
  if (strictness === 'fails') {
    const fields = undeclaredFields(plain, result.data);
    if (fields.length > 0)
      throw unkept(spec, `answers fields that it does not declare: ${fields.join(', ')}`);
  }
  return result.data;
}

/** @throws in tests an ordinary Error for content of a type that is not declared */
export function requireDeclaredContent(spec: EndpointSpec, type: string, strictness: Strictness): void {
  const name = type.split(';', 1)[0]!;
  const declared = name === EVENT_STREAM ? spec.events : (spec.content?.[name] ?? spec.streams?.[name]);
  if (strictness === 'fails' && !declared) throw unkept(spec, `declares no content of ${name}`);
}

/** A declaration that was not kept. */
export function unkept(spec: EndpointSpec, what: string, cause?: Failure): Error {
  return new Error(`${spec.method.toUpperCase()} ${publicPath(spec)} ${what}`, cause && { cause });
}

/** Paths of what was written and is not among what the schema kept of it. */
function undeclaredFields(written: unknown, kept: unknown, path = 'data'): string[] {
  if (typeof written !== 'object' || written === null || typeof kept !== 'object' || kept === null) return [];
  return Object.entries(written).flatMap(([key, value]) =>
    Object.hasOwn(kept, key)
      ? undeclaredFields(value, (kept as Record<string, unknown>)[key], `${path}.${key}`)
      : [`${path}.${key}`],
  );
}
